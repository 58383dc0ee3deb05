"""Stateful stand-ins for systems: worlds, their behaviour, and what happens in them. Pure; shells are named as such."""
