#!/usr/bin/env bash
# Runs the background worker. Arguments are passed on and win over those here.
#
#   -d, -m    an idle worker looks for work again within half a second
#   -g TERM   a TERM lets running tasks end …
#   -t 55     … for 55 seconds, inside the 60 that Supervisor and systemd allow
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

consumer=huey_consumer
if [ -x .venv/bin/huey_consumer ]; then
    consumer=.venv/bin/huey_consumer
fi

exec "$consumer" cms.tasks.huey -w "${HUEY_WORKERS:-3}" -d 0.05 -m 0.5 -g TERM -t 55 "$@"
