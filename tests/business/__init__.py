"""The business as a whole, computed a second time: nothing here uses code of simulators, integration or mappings."""
