#!/usr/bin/env bash
# Looks at a page of `clip report` in a browser, narrow and wide: whether it fits, whether its curves have a size and its
# labels a place of their own, whether pointing at a step tells of it, and whether nothing was refused or looked for
# elsewhere.
#
#   Tests/report-page.sh [CLIP]         CLIP: the program (default: that of the release build)
#
# Prints `ok NAME`, `FAILED NAME: why` or `skipped NAME: why` for each check, and counts at the end. Exit codes: 0 all
# passed, 1 something failed, 77 where there is no Chromium.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
clip=$(realpath "${1:-$root/.build/release/clip}")
readonly root clip
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$browser" ]; then
  echo "no Chromium is installed"
  exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

# check NAME WHY: passes if there is no reason against it.
check() {
  if [ -z "$2" ]; then
    passed=$((passed + 1))
    echo "ok $1"
  else
    failed=$((failed + 1))
    echo "FAILED $1: $2"
  fi
}

"$root/Tests/pack-pictures.sh" "$clip" "$scratch" >/dev/null
"$clip" train --recipe tiny --data "$scratch/shards" --validation "$scratch/shards" --into "$scratch/run" \
  --set steps=12 --set globalBatch=8 --set microBatch=8 --set evaluation.everySteps=6 2>/dev/null
"$clip" report "$scratch/run" --data "$scratch/shards" --into "$scratch/report.html" >/dev/null

# A page around it that says in its own text what is wrong.
cat >"$scratch/around.html" <<'HTML'
<!DOCTYPE html><meta charset="utf-8"><iframe src="report.html" style="border:0;height:4000px"></iframe><pre></pre><script>
const frame = document.querySelector("iframe"), wrong = [];
frame.width = location.hash.slice(1);
frame.onload = () => {
  const page = frame.contentDocument, root = page.documentElement;
  if (root.scrollWidth > root.clientWidth) wrong.push(`is ${root.scrollWidth} pixels wide`);
  const plots = [...page.querySelectorAll(".plot")];
  if (plots.length !== 9) wrong.push(`has ${plots.length} charts`);
  for (const plot of plots) {
    const name = plot.getAttribute("aria-label"), box = plot.getBoundingClientRect();
    if (box.width < 200 || box.height < 100) wrong.push(`${name} is ${box.width} by ${box.height} pixels`);
    const card = plot.closest("figure").getBoundingClientRect();
    for (const axis of ["x", "y"]) {
      const labels = [...plot.querySelectorAll(`text.${axis}`)].map(label => label.getBoundingClientRect());
      if (labels.length < 2) wrong.push(`${name} has ${labels.length} labels on ${axis}`);
      for (const label of labels) if (label.left < card.left || label.right > card.right) wrong.push(`${name}: a label is cut`);
      labels.sort((a, b) => axis === "x" ? a.left - b.left : a.top - b.top);
      for (let i = 1; i < labels.length; i++)
        if (axis === "x" ? labels[i].left < labels[i - 1].right + 2 : labels[i].top < labels[i - 1].bottom - 6)
          wrong.push(`${name}: labels on ${axis} overlap`);
    }
    const hit = plot.querySelector(".hits rect:last-child");
    hit.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
    const readout = plot.closest("figure").querySelector(".readout").textContent;
    if (!readout.startsWith("Step 12: ")) wrong.push(`${name} tells "${readout}" of its last step`);
  }
  for (const picture of page.images) if (!picture.complete || picture.naturalWidth === 0) wrong.push("a picture is not there");
  document.querySelector("pre").textContent = `[${wrong.slice(0, 5).join("; ")}]`;
};
</script>
HTML

for width in 400 1400; do
  found=$("$browser" --headless --no-sandbox --disable-gpu --allow-file-access-from-files --window-size=1500,1000 \
    --virtual-time-budget=10000 --enable-logging=stderr --dump-dom "file://$scratch/around.html#$width" 2>"$scratch/log" || true)
  wrong=$(sed -nE 's/.*<pre>(.*)<\/pre>.*/\1/p' <<<"$found")
  if [ "$wrong" = "[]" ]; then wrong=""; elif [ -z "$wrong" ]; then wrong="the browser did not answer"; fi
  check "a report $width pixels wide" "$wrong"
  check "nothing of it is refused, $width pixels wide" "$(grep -E 'CONSOLE|Refused' "$scratch/log" | head -n 1 || true)"
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
