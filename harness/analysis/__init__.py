"""From the record to tables: pandas in, pandas out; no I/O but loading."""
