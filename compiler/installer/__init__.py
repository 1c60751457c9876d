"""The installer of a host's folder, module by module; emit/installer.py joins them into one file.

Only the standard library, and each name once: joined, all modules are one. Everything that is put
on the host is prepared beside its place, synced, and put there by a rename, so that whoever looks
finds the old or the new one; and every step asks what is there before it changes anything. So a run
that was killed anywhere is finished by the next one.
"""
