"""What V1's Python and Rust sides agree on: contracts, schemas, error codes, exceptions."""
