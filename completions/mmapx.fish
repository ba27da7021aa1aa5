# SPDX-License-Identifier: MIT
# Completion for mmapx, for fish.
# tests/project/completions.sh holds it against --help.

# Whether one of these commands is given.  Without one it is status or top.
function __mmapx_has
    set -l all status top watch load evict lock snapshot restore help
    __fish_seen_subcommand_from $argv
    and return
    not __fish_seen_subcommand_from $all
    and begin
        contains status $argv
        or contains top $argv
    end
end

set -l commands status top watch load evict lock snapshot restore
set -l files status watch load evict lock snapshot
set -l shows status top watch load evict lock restore

complete -c mmapx -n "not __fish_seen_subcommand_from $commands help" -a status \
    -d 'show how much of each file is in memory'
complete -c mmapx -n "not __fish_seen_subcommand_from $commands help" -a top \
    -d 'show the files that fill the memory'
complete -c mmapx -n "not __fish_seen_subcommand_from $commands help" -a watch \
    -d 'show the same again and again'
complete -c mmapx -n "not __fish_seen_subcommand_from $commands help" -a load \
    -d 'bring files into memory'
complete -c mmapx -n "not __fish_seen_subcommand_from $commands help" -a evict \
    -d 'drop files from memory'
complete -c mmapx -n "not __fish_seen_subcommand_from $commands help" -a lock \
    -d 'keep files in memory until interrupted'
complete -c mmapx -n "not __fish_seen_subcommand_from $commands help" -a snapshot \
    -d 'write down which parts of files are in memory'
complete -c mmapx -n "not __fish_seen_subcommand_from $commands help" -a restore \
    -d 'load what a snapshot lists'
complete -c mmapx -n "not __fish_seen_subcommand_from $commands help" -a help \
    -d 'show the help of a command'
complete -c mmapx -f -n '__fish_seen_subcommand_from help' -a "$commands"
complete -c mmapx -n "not __fish_seen_subcommand_from $commands" -s V -l version \
    -d 'show the version'
complete -c mmapx -s h -l help -d 'show help'

complete -c mmapx -n "__mmapx_has $files" -s r -l recursive \
    -d 'look into directories'
complete -c mmapx -n "__mmapx_has $files top" -l pid -x \
    -a '(__fish_complete_pids)' -d 'files that a process uses'
complete -c mmapx -n "__mmapx_has $files top" -s x \
    -l one-file-system -d 'not at other file systems'
complete -c mmapx -n "__mmapx_has $files" -s L -l dereference \
    -d 'follow symbolic links'
complete -c mmapx -n "__mmapx_has $files" -l files0-from -r \
    -d 'read names from a file'
complete -c mmapx -n "__mmapx_has $files top" -l exclude -x \
    -d 'leave out names that match'
complete -c mmapx -n "__mmapx_has $files top" -l include -x \
    -d 'leave out files that do not match'
complete -c mmapx -n "__mmapx_has $files top" -l max-size -x \
    -d 'leave out larger files'
complete -c mmapx -n "__mmapx_has $commands" -s q -l quiet \
    -d 'print results and errors only'
complete -c mmapx -n "__mmapx_has $files top" -s v -l verbose \
    -d 'say for each file what is done or left out'
complete -c mmapx -n "__mmapx_has $files restore" -s j -l jobs \
    -x -d 'open so many files at once'
complete -c mmapx -n "__mmapx_has $shows" -s b -l bytes \
    -d 'show sizes in bytes'
complete -c mmapx -n "__mmapx_has $shows" -l json \
    -d 'print one JSON object in each line'
complete -c mmapx -n "__mmapx_has $shows" -l color -x \
    -a 'always never auto' -d 'use colours'

complete -c mmapx -n '__mmapx_has status' -l ranges \
    -d 'list the ranges that are in memory'
complete -c mmapx -n '__mmapx_has status' -l map \
    -d 'draw a larger map of each file'
complete -c mmapx -n '__mmapx_has status' -l who \
    -d 'list the processes that map each file'
complete -c mmapx -n '__mmapx_has status top' -l openmetrics \
    -d 'print metrics for Prometheus'
complete -c mmapx -n '__mmapx_has top' -s n -l top -x \
    -d 'show the largest only'
complete -c mmapx -n '__mmapx_has top' -l dirs \
    -d 'sums of directories'
complete -c mmapx -n '__mmapx_has top' -l by -x \
    -a 'file process' -d 'files, or sums by process'
complete -c mmapx -n '__mmapx_has top' -s a -l all \
    -d 'look at network file systems too'
complete -c mmapx -n '__mmapx_has top' -s j -l jobs -x \
    -d 'look at N trees at once'
complete -c mmapx -n '__mmapx_has status watch' -l total \
    -d 'add a line for all files together'
complete -c mmapx -n '__mmapx_has status watch' -s s \
    -l summarize -d 'show the sum of all files only'
complete -c mmapx -n '__mmapx_has status watch' \
    -l only-cached -d 'leave out files that are not in memory'
complete -c mmapx -n '__mmapx_has status watch' -l sort -x \
    -a 'cached size percent dirty name' -d sort
complete -c mmapx -n '__mmapx_has status watch' -l top -x \
    -d 'show the first files only'
complete -c mmapx -n '__mmapx_has watch lock' -s n -l interval -x \
    -d 'seconds between two looks'
complete -c mmapx -n '__mmapx_has watch' -l count -x \
    -d 'end after so many looks'
complete -c mmapx -n '__mmapx_has load evict lock' -l range \
    -x -d 'only these bytes, OFFSET:LENGTH'
complete -c mmapx -n '__mmapx_has load evict lock restore' \
    -l no-progress -d 'show no progress'
complete -c mmapx -n '__mmapx_has load' -l small \
    -d 'in single pages, for files written at random'
complete -c mmapx -n '__mmapx_has evict' -l sync \
    -d 'write dirty pages back first'
complete -c mmapx -n '__mmapx_has lock' -l on-fault \
    -d 'lock what is in memory, and what comes in'
complete -c mmapx -n '__mmapx_has lock' -l force \
    -d 'lock more than there is memory for'
complete -c mmapx -n '__mmapx_has lock' -l snapshot -r \
    -d 'lock what a snapshot names'
complete -c mmapx -n '__mmapx_has restore' -s v -l verbose \
    -d 'list the files that have changed or gone'
complete -c mmapx -n '__mmapx_has snapshot' -s o -l output \
    -r -d 'write to a file'
