"""Plants faults in a copy of V2 and checks that the suite catches each. Production code holds none."""
