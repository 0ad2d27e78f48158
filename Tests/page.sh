#!/usr/bin/env bash
# Whether the page of `clip serve` answers: what programs ask, what nobody should get, and what a browser shows.
#
#   Tests/page.sh [PNG]        after `swift build -c release --product clip`; PNG: keeps a picture of the page
#
# Prints `ok NAME`, `FAILED NAME: why` or `skipped NAME: why`, and a count. The browser is Debian's chromium, without a
# window. Exit codes: 0 all passed, 1 something failed.
set -uo pipefail

cd "$(dirname "$0")/.." || exit
readonly clip=$PWD/.build/release/clip
passed=0 failed=0 skipped=0
unset OPENBLAS_CORETYPE
scratch=$(mktemp -d)
server=
end() {
  [ -z "$server" ] || kill "$server" 2>/dev/null
  rm -rf "$scratch"
}
trap end EXIT

ok() { passed=$((passed + 1)) && echo "ok $1"; }
bad() { failed=$((failed + 1)) && echo "FAILED $1: $2"; }

# expect NAME TEXT FOUND: whether what was found holds a text.
expect() {
  case $3 in
    *"$2"*) ok "$1" ;;
    *) bad "$1" "found ${3:0:300}, expected $2" ;;
  esac
}

Tests/pack-pictures.sh "$clip" "$scratch" >/dev/null || exit 1
"$clip" vocabulary learn "$scratch/shards" --size 530 --into "$scratch/vocabulary.txt" >/dev/null || exit 1
"$clip" train --recipe tiny --data "$scratch/shards" --into "$scratch/run" --threads 1 --set globalBatch=16 \
  --set "vocabulary=$scratch/vocabulary.txt" --set model.text_cfg.vocab_size=530 --set steps=4 2>/dev/null || exit 1

# serve [OPTION…]: starts a server, and leaves in `place` where it is.
serve() {
  : >"$scratch/log"
  "$clip" serve --weights "$scratch/run" --data "$scratch/shards" --port 0 "$@" >"$scratch/log" 2>"$scratch/errors" &
  server=$!
  for _ in $(seq 100); do
    place=$(sed -nE 's|^serving at http://([^/]*)/.*|\1|p' "$scratch/log")
    [ -n "$place" ] && return
    sleep 0.1
  done
  cat "$scratch/errors"
  exit 1
}
serve

# ask PATH [OPTION…]: the answer and its code.
ask() { curl --silent --max-time 60 --path-as-is --write-out ' %{http_code}' "${@:2}" "http://$place$1"; }
json=(--header 'Content-Type: application/json' --data)
picture=$(find "$scratch/pictures" -name '*.png' | sort | head -n 1)

expect "about" '"pictures":' "$(ask /api/about)"
expect "a text finds pictures" '"score":' "$(ask '/api/search?top=3' "${json[@]}" '{"text":"a red circle"}')"
expect "a picture of the data is most like itself" '"index":0,' "$(ask '/api/search?top=1' "${json[@]}" '{"like":0}')"
# Of the same picture among others sums may be rounded otherwise.
expect "a picture finds itself" '"score":about 1' \
  "$(ask '/api/search?top=1' --data-binary "@$picture" | sed -E 's/"score":(1|0\.9999)[0-9]*/"score":about 1/')"
expect "class names fit a picture" '"probability":' "$(ask '/api/classify?name=red&name=blue' --data-binary "@$picture")"
expect "a picture of the data" '200' "$(ask /picture/0 --output /dev/null)"

expect "no path leads out" '404' "$(ask /picture/../../etc/passwd)"
expect "nor a hidden one" '404' "$(ask /picture/..%2f..%2fetc%2fpasswd)"
expect "a picture that is not there" 'there is no picture 99999' "$(ask /picture/99999)"
expect "another method" '405' "$(ask / --request DELETE)"
expect "another name of this machine" '421' "$(ask / --header 'Host: somewhere.example')"
expect "an empty query" 'the query is empty' "$(ask /api/search "${json[@]}" '{"text":" "}')"
expect "a question of another form" 'expected a JSON object with' "$(ask /api/search "${json[@]}" '[1]')"
expect "a class name twice" 'is there twice' "$(ask '/api/classify?name=a&name=a' --data-binary "@$picture")"
expect "a template without a place" 'has no {}' "$(ask '/api/classify?name=a&template=b' --data-binary "@$picture")"
expect "no class names" 'no class names' "$(ask /api/classify --data-binary "@$picture")"
expect "what is no picture" 'the picture cannot be read' "$(ask '/api/classify?name=a' --data hello)"
# A hundred million pixels in a few kilobytes.
python3 - "$scratch/huge.png" <<'PYTHON'
import struct, sys, zlib
def chunk(kind, data): return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
rows = (b"\0" + b"\0" * 1500) * 9000
open(sys.argv[1], "wb").write(
    b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 12000, 9000, 1, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
PYTHON
expect "too many pixels" 'has 12000×9000 pixels, expected at most 64 million' \
  "$(ask '/api/classify?name=a' --data-binary "@$scratch/huge.png")"
head -c 40000000 /dev/zero >"$scratch/long"
expect "too many bytes" '413' "$(ask '/api/classify?name=a' --header Expect: --data-binary "@$scratch/long")"
truncate --size 700M "$scratch/endless"
expect "far too many bytes" '413' "$(ask /api/search --header Expect: --data-binary "@$scratch/endless")"
expect "twice" '413' "$(ask /api/search --header Expect: --data-binary "@$scratch/endless")"
expect "and it goes on" '200' "$(ask /api/about --max-time 5)"
taken=$("$clip" serve --weights "$scratch/run" --data "$scratch/shards" --port "${place##*:}" 2>&1 >/dev/null)
expect "a port that is taken" 'and a port nobody has' "$taken"

# The same with the embeddings of a file, which is read while it answers.
questions() {
  ask '/api/search?top=7' "${json[@]}" '{"text":"a red circle"}'
  ask '/api/search?top=200' "${json[@]}" '{"like":1}'
  ask '/api/search?top=3' --data-binary "@$picture"
}
# What it took is another time.
questions | sed -E 's/"seconds":[^}]*//g' >"$scratch/computed"
kill "$server" && wait "$server" 2>/dev/null
"$clip" embed --weights "$scratch/run" --data "$scratch/shards" --into "$scratch/index.safetensors" >/dev/null || exit 1
serve --index "$scratch/index.safetensors"
expect "an index answers the same" "$(cat "$scratch/computed")" "$(questions | sed -E 's/"seconds":[^}]*//g')"
expect "and those were answers" '"score":' "$(cat "$scratch/computed")"
# Beyond the header, which is shorter: all that is not of length 1 is an error, and the server stays.
cp "$scratch/index.safetensors" "$scratch/whole"
printf '\377\377\377\377' | dd of="$scratch/index.safetensors" bs=1 seek=2000 conv=notrunc 2>/dev/null
expect "an index damaged meanwhile" 'is no embedding' "$(ask /api/search "${json[@]}" '{"text":"a red circle"}')"
cp "$scratch/whole" "$scratch/index.safetensors"
expect "and one made whole again" '"score":' "$(ask /api/search "${json[@]}" '{"text":"a red circle"}')"

browser=$(command -v chromium || true)
if [ -n "$browser" ]; then
  # The page's own script asks, and what it shows is looked at.
  show=("$browser" --headless --no-sandbox --disable-gpu --virtual-time-budget=10000 --window-size=1000,1400)
  page=$("${show[@]}" --dump-dom "http://$place/?q=a%20red%20circle&classify=1" 2>/dev/null)
  expect "the page says what it is about" ' pictures</p>' "$page"
  expect "the page shows what it found" '<img alt="' "$(grep -o '<ol id="hits">.*' <<<"$page" | sed 's/src="[^"]*" //g')"
  expect "with its number" 'best for “a red circle”' "$page"
  expect "the page shows how class names fit" ' %</b>' "$page"
  page=$("${show[@]}" --dump-dom "http://$place/?classify=99999" 2>/dev/null)
  expect "the page shows what went wrong" 'class="note bad"' "$page"
  if [ -n "${1-}" ]; then
    "${show[@]}" --hide-scrollbars --screenshot="$1" "http://$place/?q=a%20red%20circle&classify=1" >/dev/null 2>&1
  fi
else
  skipped=$((skipped + 1))
  echo "skipped the page in a browser: chromium is not installed"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
