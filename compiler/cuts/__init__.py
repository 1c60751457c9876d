"""What cuts a path from a source to a sink: single hosts, disks, links and sites, or the fewest."""
