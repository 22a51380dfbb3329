#!/usr/bin/env bash
# Uses only bash and curl: opens a session, runs a scripted job, reads the result, closes the session and reads its usage.
#
#   STINT_URL=http://127.0.0.1:8080 STINT_TOKEN=stint_… examples/curl/session.sh
#
# It needs the backend `scripted` of stint.example.yaml, whose jobs last as long as their params specify. The exit code is 0
# only if the answers were right.
set -euo pipefail
: "${STINT_URL:?the address of the service, such as http://127.0.0.1:8080}"
: "${STINT_TOKEN:?a token of a user}"

# stint METHOD PATH [BODY]: sends one request. Prints the answer to stdout; a refusal goes to stderr and ends the script.
stint() {
  local answer status
  answer=$(curl -sS -X "$1" "${STINT_URL%/}/api/v1$2" -w '\n%{http_code}' -H "Authorization: Bearer $STINT_TOKEN" \
    ${STINT_CRN:+-H "Service-CRN: $STINT_CRN"} ${3:+-H 'Content-Type: application/json' -d "$3"})
  status=${answer##*$'\n'}
  answer=${answer%$'\n'*}
  if ((status >= 400)); then
    echo "$1 $2 was answered with $status: $answer" >&2
    return 1
  fi
  printf '%s' "$answer"
}

# member NAME JSON: prints the first member with this name that is a text or a number. For other answers use `jq`.
member() {
  local found
  [[ $2 =~ \"$1\":\ *(\"([^\"]*)\"|[-0-9.e+]+) ]] || return 0
  found=${BASH_REMATCH[2]:-${BASH_REMATCH[1]}}
  printf '%s' "$found"
}

wrong() {
  printf '\nWrong: %s\n' "$*" >&2
  exit 1
}

opened=$(stint POST /sessions '{"mode": "dedicated", "backend": "scripted", "max_ttl": 300}')
session=$(member id "$opened")
echo "Session  $session is open on backend scripted"

params='{"duration": 0.5, "outcome": "completed", "result": {"greeting": "hello"}}'
body='{"program_id": "scripted", "backend": "scripted", "session_id": "'$session'", "params": '$params'}'
submitted=$(stint POST /jobs "$body")
job=$(member id "$submitted")
echo "Job      $job lasts 0.5 s"

status=''
for ((tries = 0; tries < 600; tries++)); do
  seen=$(stint GET "/jobs/$job?exclude_params=true")
  now=$(member status "$seen")
  if [ "$now" != "$status" ]; then echo "         $now"; fi
  status=$now
  case $status in Completed | Failed | Cancelled) break ;; esac
  sleep 0.1
done
[ "$status" = Completed ] || wrong "the job is $status and should be Completed."

result=$(stint GET "/jobs/$job/results")
echo "Result   $result"
[ "$(member greeting "$result")" = hello ] || wrong 'the result should be the one in the params.'

stint DELETE "/sessions/$session/close"
closed=$(stint GET "/sessions/$session")
echo "Session  $(member state "$closed"): $(member state_reason "$closed")"
[ "$(member state "$closed")" = closed ] || wrong 'the session should be closed.'

charged=$(member elapsed_time "$closed")
usage=$(stint GET /instances/usage)
consumed=$(member usage_consumed_seconds "$usage")
echo "Usage    $charged s for this session: the time for which its slot was held for it"
echo "         $consumed s for the whole instance, in the fair-share window"
case $charged in 0 | 0.[0-4]* | '') wrong "a session whose job lasts 0.5 s is charged for at least 0.5 s, not for $charged." ;; esac
