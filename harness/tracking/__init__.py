"""What a trial leaves behind: its record (`record`), and the record's mirror in W&B."""
