"""What stands in for the cluster's infrastructure on one machine: each a real server, in a process of its own."""
