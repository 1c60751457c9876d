"""From syntax trees to the bound fleet: names, values, types, hosts, imports."""
