"""What the portal does: functions without a web framework, each flow in one transaction."""
