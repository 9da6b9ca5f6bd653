#!/usr/bin/env bash
# Training on a GPU machine that is lent for minutes: run there, from anywhere in the repository. README.md beside this says when what is called.
#   session.sh probe            what is there; how fast which shape trains, without data; the masks compared
#   session.sh start SECONDS    installs, starts training as a daemon, and looks at it for so long
#   session.sh watch SECONDS    looks at it until then or its end, and brings what there is of the model
#   session.sh finish           tells it to stop now and save, waits for that, and brings the model
# Settings, as environment variables: RUN (folder of the run), OPTIONS (of `train`), WORKERS (that make data), CARRIED (what came along).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
RUN=${RUN:-/tmp/run} CARRIED=${CARRIED:-.gpu} PYTHON=${PYTHON:-python3} OUT=${OUT:-/tmp/out}
SITE=${SITE:-/tmp/site}
WORKERS=${WORKERS:-10} LIVE=${LIVE:-/dev/shm/live}
# Decay from the start, no plateau: what made the loss fall (models/nano/README.md).
OPTIONS=${OPTIONS:-"--minutes 23 --width 512 --layers 9 --heads 8 --inner 1408 --window 256 --max-length 4096 --tokens-per-batch 131072 \
--learning-rate 3e-3 --warmup 0.02 --decay 0.98 --save-minutes 4 --compile --notes --generate $WORKERS --calls 3 --family wide --live-folder $LIVE"}
export PYTHONPATH="$PWD:$SITE" TOKENIZERS_PARALLELISM=false PYTHONUNBUFFERED=1
# The processes that write data have one thread each; those of the trainer wait for the GPU.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
mkdir -p "$OUT"

install() {
    if compgen -G "$CARRIED/*.whl" >/dev/null; then
        "$PYTHON" -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --upgrade --target "$SITE" "$CARRIED"/*.whl
    fi
}
running() { [ -e "$RUN/pid" ] && kill -0 "$(cat "$RUN/pid")" 2>/dev/null; }
look() { # SECONDS: until then, or until training ends
    local until=$((SECONDS + $1))
    while [ $SECONDS -lt $until ] && running; do sleep 1; done
    tail -n 3 "$RUN/log.jsonl" 2>/dev/null || true
    running || { echo "training has ended:"; tail -n 15 "$RUN/output"; }
}
bring() {
    cp "$RUN/log.jsonl" "$OUT/" 2>/dev/null || true
    tail -n 200 "$RUN/output" >"$OUT/output" || true
    cat "$RUN"/live/*/counts-*.json "$LIVE"/*/counts-*.json >"$OUT/counts.jsonl" 2>/dev/null || true
    if [ -e "$RUN/model/model.safetensors" ]; then "$PYTHON" -m cwm_trace.train split "$RUN/model" "$OUT/model"; else echo "no model yet"; fi
}

case ${1:?probe, start, watch or finish} in
probe)
    install
    nvidia-smi 2>/dev/null || true
    nproc
    "$PYTHON" -m tests.benchmarks.feeding -n "${PROGRAMS:-200}" --rounds 1 --family wide
    "$PYTHON" -m tests.benchmarks.packed ${PROBE:-}
    ;;
start)
    install
    mkdir -p "$RUN"
    suites=()
    for file in "$CARRIED"/*.jsonl; do if [ -e "$file" ]; then suites+=(--suite "$file"); fi; done
    programs=()
    for file in "$CARRIED"/*.jsonl.gz; do if [ -e "$file" ]; then programs=(--programs "$file"); fi; done
    # A session of its own, or it would end with this command.
    # shellcheck disable=SC2086
    setsid nohup "$PYTHON" -m cwm_trace.train train "$CARRIED/shards" "$RUN" --packed $OPTIONS "${suites[@]}" "${programs[@]}" >"$RUN/output" 2>&1 </dev/null &
    echo $! >"$RUN/pid"
    look "${2:-60}"
    ;;
watch)
    look "${2:-60}"
    bring
    ;;
finish)
    if running; then kill -TERM "$(cat "$RUN/pid")"; fi
    look 120
    bring
    ;;
*)
    echo "unknown: $1" >&2
    exit 2
    ;;
esac
