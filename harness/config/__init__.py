"""Configuration: the parameter space, studies, patches, identities, and how they are read."""
