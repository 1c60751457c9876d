"""Checks of the bound fleet, one theme in a file, in the order of PASSES.

A pass yields diagnostics and does nothing else. It is silent about what an earlier phase reported.
"""

from collections.abc import Callable, Iterator

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet
from flumec.compiler.passes.catching_up import check_catching_up
from flumec.compiler.passes.chains import check_chains
from flumec.compiler.passes.channels import check_channels
from flumec.compiler.passes.copied_keys import check_copied_keys
from flumec.compiler.passes.copies import check_copies
from flumec.compiler.passes.counting import check_counting
from flumec.compiler.passes.cycles import check_cycles
from flumec.compiler.passes.dead_letters import check_dead_letters
from flumec.compiler.passes.deduplication import check_deduplication
from flumec.compiler.passes.delivery import check_delivery
from flumec.compiler.passes.directories import check_directories
from flumec.compiler.passes.fitting import check_fitting
from flumec.compiler.passes.followed_twice import check_followed_twice
from flumec.compiler.passes.former_names import check_former_names
from flumec.compiler.passes.future import check_future
from flumec.compiler.passes.groups import check_groups
from flumec.compiler.passes.hasty_members import check_hasty_members
from flumec.compiler.passes.headers import check_headers
from flumec.compiler.passes.inside import check_inside
from flumec.compiler.passes.journals import check_journals
from flumec.compiler.passes.kept_too_short import check_kept_too_short
from flumec.compiler.passes.lasting import check_lasting
from flumec.compiler.passes.left_out import check_left_out
from flumec.compiler.passes.letters import check_letters
from flumec.compiler.passes.links import check_links
from flumec.compiler.passes.listeners import check_listeners
from flumec.compiler.passes.literal_folders import check_literal_folders
from flumec.compiler.passes.many_senders import check_many_senders
from flumec.compiler.passes.misfits import check_misfits
from flumec.compiler.passes.names import check_names
from flumec.compiler.passes.nearness import check_nearness
from flumec.compiler.passes.numbered_keys import check_numbered_keys
from flumec.compiler.passes.open_files import check_open_files
from flumec.compiler.passes.ordering import check_ordering
from flumec.compiler.passes.outages import check_outages
from flumec.compiler.passes.outlasted import check_outlasted
from flumec.compiler.passes.own_files import check_own_files
from flumec.compiler.passes.parted_copies import check_parted_copies
from flumec.compiler.passes.plain import check_plain
from flumec.compiler.passes.policies import check_policies
from flumec.compiler.passes.ports import check_ports
from flumec.compiler.passes.possible_faults import check_possible_faults
from flumec.compiler.passes.refusing import check_refusing
from flumec.compiler.passes.rolling import check_rolling
from flumec.compiler.passes.rotation import check_rotation
from flumec.compiler.passes.routes import check_routes
from flumec.compiler.passes.sent_headers import check_sent_headers
from flumec.compiler.passes.shared_keys import check_shared_keys
from flumec.compiler.passes.shared_stores import check_shared_stores
from flumec.compiler.passes.sites import check_sites
from flumec.compiler.passes.slow_stores import check_slow_stores
from flumec.compiler.passes.speeds import check_speeds
from flumec.compiler.passes.standstill import check_standstill
from flumec.compiler.passes.storage import check_storage
from flumec.compiler.passes.surviving import check_surviving
from flumec.compiler.passes.syncing import check_syncing
from flumec.compiler.passes.targets import check_targets
from flumec.compiler.passes.trials import check_trials
from flumec.compiler.passes.unbound import check_unbound

Pass = Callable[[Fleet, Graph], Iterator[Diagnostic]]

PASSES: tuple[Pass, ...] = (
    check_chains,
    check_targets,
    check_unbound,
    check_channels,
    check_groups,
    check_hasty_members,
    check_refusing,
    check_copies,
    check_deduplication,
    check_copied_keys,
    check_parted_copies,
    check_left_out,
    check_shared_keys,
    check_numbered_keys,
    check_outlasted,
    check_routes,
    check_headers,
    check_links,
    check_listeners,
    check_policies,
    check_shared_stores,
    check_nearness,
    check_cycles,
    check_dead_letters,
    check_ports,
    check_directories,
    check_literal_folders,
    check_own_files,
    check_followed_twice,
    check_journals,
    check_inside,
    check_former_names,
    check_syncing,
    check_letters,
    check_rotation,
    check_rolling,
    check_fitting,
    check_misfits,
    check_many_senders,
    check_open_files,
    check_outages,
    check_lasting,
    check_catching_up,
    check_kept_too_short,
    check_surviving,
    check_standstill,
    check_storage,
    check_speeds,
    check_slow_stores,
    check_sites,
    check_possible_faults,
    check_names,
    check_plain,
    check_delivery,
    check_ordering,
    check_counting,
    check_trials,
    check_sent_headers,
    check_future,
)
