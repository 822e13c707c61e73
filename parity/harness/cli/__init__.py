"""The command ``omega-parity``, one file for each group of verbs. It holds no logic of its own."""
