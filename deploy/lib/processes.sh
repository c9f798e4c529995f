# Starting, watching and stopping the six processes.
#
# processes/NAME.pid holds "pid start-time": the start time (field 22 of /proc/PID/stat) tells a process from a later one
# that was given the same number. processes/NAME.made holds what it was started from, so that `up` restarts only what changed.

# Nothing for a process that has ended, also when it waits as a zombie for a parent that never asks.
start_time() { sed -n 's/^.*) \([^Z]\) /\1 /p' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# pid_of NAME: prints the process id when that very process is alive.
pid_of() {
    local pid started
    read -r pid started 2>/dev/null <"$process_dir/$1.pid" || return 1
    [ -n "$started" ] && [ "$(start_time "$pid")" = "$started" ] && echo "$pid"
}

fingerprint() { cat "$bin_dir/$1" "$configuration_dir/$1.json" | sha256sum | cut -d' ' -f1; }

start_process() {
    local name=$1 made
    made=$(fingerprint "$name")
    if pid_of "$name" >/dev/null; then
        [ "$(cat "$process_dir/$name.made" 2>/dev/null)" = "$made" ] && return
        stop_processes "$name"
    fi
    # A session of its own, so that Ctrl-C reaches only this script, which then stops the processes in order. An empty
    # environment, because a setting there would win over the file.
    (
        cd "$run_dir"
        exec setsid env -i PATH="$PATH" LANG=C.UTF-8 "$bin_dir/$name" --config "$configuration_dir/$name.json" \
            >>"$log_dir/$name.log" 2>&1 </dev/null 8>&-
    ) &
    local pid=$!
    disown "$pid"
    echo "$pid $(start_time "$pid")" >"$process_dir/$name.pid"
    echo "$made" >"$process_dir/$name.made"
}

start_processes() {
    mkdir -p "$process_dir"
    local name
    for name in "${processes[@]}"; do start_process "$name"; done
}

ready() { curl -fsS -m 2 -o /dev/null "http://127.0.0.1:$(admin_port "$1")/readyz" 2>/dev/null; }

# wait_until_ready: all processes, or the tail of the log of the first that ended or took too long.
wait_until_ready() {
    local name deadline=$((SECONDS + ${THROUGHLINE_READY_SECONDS:-60}))
    for name in "${processes[@]}"; do
        until ready "$name"; do
            if ! pid_of "$name" >/dev/null; then
                tail -5 "$log_dir/$name.log" >&2
                fail "$name ended; its log: $log_dir/$name.log"
            fi
            if [ "$SECONDS" -ge "$deadline" ]; then
                curl -sS -m 2 "http://127.0.0.1:$(admin_port "$name")/readyz?verbose" >&2 || tail -5 "$log_dir/$name.log" >&2
                fail "$name is not ready; its log: $log_dir/$name.log"
            fi
            sleep 0.05
        done
    done
}

# The gateway is ready when it listens; its routes come from the services, so wait until each has been learned.
wait_until_reachable() {
    local deadline=$((SECONDS + 30))
    until curl -fsS -m 2 -o /dev/null "$base_url/openapi.json" 2>/dev/null; do
        [ "$SECONDS" -lt "$deadline" ] || fail "the gateway does not answer on $base_url"
        sleep 0.05
    done
}

# stop_processes NAME…: SIGTERM in the given order, each drained before the next; SIGKILL after the promised 30 s.
stop_processes() {
    local name pid deadline
    for name in "$@"; do
        pid=$(pid_of "$name") || { rm -f "$process_dir/$name.pid"; continue; }
        kill -TERM "$pid" 2>/dev/null
        deadline=$((SECONDS + 35))
        while pid_of "$name" >/dev/null; do
            if [ "$SECONDS" -ge "$deadline" ]; then
                note "$name did not drain within 35 s and was killed"
                kill -KILL "$pid" 2>/dev/null
                deadline=$((SECONDS + 5))
            fi
            sleep 0.05
        done
        rm -f "$process_dir/$name.pid" "$process_dir/$name.made"
    done
}

stop_all_processes() {
    local backwards=() name
    for name in "${processes[@]}"; do backwards=("$name" "${backwards[@]}"); done
    stop_processes "${backwards[@]}"
}

# state_of NAME: stopped, starting or ready.
state_of() {
    if ! pid_of "$1" >/dev/null; then echo stopped; elif ready "$1"; then echo ready; else echo starting; fi
}
