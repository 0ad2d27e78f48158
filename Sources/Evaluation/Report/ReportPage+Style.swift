extension ReportPage {
  /// How the page looks: light or dark as the reader's screen is, in one column or several, on paper as well. The colours
  /// of curves are told apart by people who do not see all of them (after Okabe and Ito).
  static let style: HTML = """

    :root{--ground:#fff;--card:#f7f8fa;--ink:#1b1f24;--soft:#5c6570;--rule:#dfe3e8;--hover:#0b5cad1c;--own:#12805c;--hot:#17539a;--on-hot:#fff;
    --c0:#1f6fb2;--c1:#d97f00;--c2:#12876a;--c3:#c44d2b;--c4:#8a5aa8;--c5:#7b828b;--c6:#2f9fc4;--c7:#9c7a1c}
    @media (prefers-color-scheme:dark){:root{--ground:#14171b;--card:#1c2026;--ink:#e7eaee;--soft:#9aa4b0;--rule:#323943;
    --hover:#8ec2ff26;--own:#4fcb9b;--hot:#62aaf5;--on-hot:#0b1117;
    --c0:#68aef2;--c1:#f2ab45;--c2:#47c79b;--c3:#f2845f;--c4:#c79be3;--c5:#a2aab4;--c6:#6cd0ee;--c7:#d9b84f}}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
    main{max-width:1280px;margin:0 auto;padding:clamp(16px,3vw,40px)}
    h1,h2,h3,h4,p,figure,dl,dd,ul,ol{margin:0;padding:0}
    h1{font-size:28px;line-height:1.2;letter-spacing:-.01em;overflow-wrap:anywhere}
    h2{font-size:20px;margin-bottom:16px}
    h3{font-size:15px}
    h4{font-size:13px;color:var(--soft);font-weight:600;margin-bottom:10px}
    section{margin-top:48px}
    .lead{color:var(--soft);margin-top:6px;overflow-wrap:anywhere}
    h2+.lead{margin:-10px 0 20px}
    code{font:.92em ui-monospace,"DejaVu Sans Mono",monospace}
    .none{color:var(--soft)}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(160px,1fr));gap:12px;margin-top:24px}
    .tiles div{background:var(--card);border-radius:8px;padding:12px 14px;display:flex;flex-direction:column-reverse;justify-content:flex-end}
    .tiles dt{color:var(--soft);font-size:12.5px;line-height:1.35}
    .tiles dd{font-size:20px;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.3}
    .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:20px}
    .chart,.matrix{background:var(--card);border-radius:10px;padding:16px 18px;min-width:0;break-inside:avoid}
    .chart{display:flex;flex-direction:column}
    .wide{grid-column:1/-1}
    figcaption p{color:var(--soft);font-size:13px;line-height:1.4}
    .legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 16px;font-size:13px;margin-top:8px}
    .legend b{font-weight:600;font-variant-numeric:tabular-nums}
    .swatch{display:inline-block;width:10px;height:10px;border-radius:2px;background:var(--c);margin-right:6px}
    .frame{padding:12px 14px 26px 54px;margin-top:auto}
    .plot{display:block;width:100%;height:210px;overflow:visible}
    .curves{overflow:visible}
    .plot text{font-size:12px;fill:var(--soft);font-variant-numeric:tabular-nums}
    .x{text-anchor:middle}.y{text-anchor:end}
    .grid{stroke:var(--rule);stroke-width:1}
    .tick{stroke:var(--soft)}
    .mark{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 4}
    .line{fill:none;stroke:var(--c);stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round;vector-effect:non-scaling-stroke}
    .band{fill:var(--c);opacity:.24}
    .area{fill:var(--c)}
    .dot{fill:var(--c)}
    .hits rect{fill:transparent}
    .hits rect:hover{fill:var(--hover)}
    .readout{color:var(--soft);font-size:12.5px;line-height:1.4;min-height:2.8em;font-variant-numeric:tabular-nums}
    .c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}.c6{--c:var(--c6)}.c7{--c:var(--c7)}
    .scroll{overflow-x:auto}
    table{border-collapse:collapse;font-size:13px}
    caption{text-align:left;color:var(--soft);padding-bottom:6px}
    .figures{margin-bottom:20px}
    .figures th,.figures td{padding:5px 16px 5px 0;text-align:right;font-variant-numeric:tabular-nums;border-top:1px solid var(--rule);white-space:nowrap}
    .figures thead th{color:var(--soft);font-weight:500;border-top:0}
    .figures th[scope=row]{text-align:left;font-weight:600}
    .matrix{margin-top:20px;width:fit-content;max-width:100%}
    .heat{margin-top:14px;border-spacing:2px;border-collapse:separate}
    .heat th{font-weight:400;text-align:left;vertical-align:bottom;padding:0}
    .heat th[scope=row]{vertical-align:middle;padding-right:10px;max-width:clamp(92px,26vw,300px);min-width:92px}
    .heat td[style]{text-align:center;font-size:12px;font-variant-numeric:tabular-nums;border-radius:3px;min-width:30px;height:30px;padding:0 2px;
    background:color-mix(in oklab,var(--hot) calc(var(--v)*100%),var(--ground))}
    .heat .strong{color:var(--on-hot)}
    .heat .own{box-shadow:inset 0 0 0 2px var(--own)}
    .pairs td[style]{width:68px;height:56px;font-size:13px}
    .pairs thead th{text-align:center}
    .pairs .thumb{width:100%;max-width:64px;height:auto;aspect-ratio:1}
    .turned{writing-mode:vertical-rl;transform:rotate(180deg);max-height:150px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;display:block;margin:0 auto 4px}
    .caption{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden;line-height:1.3;overflow-wrap:anywhere}
    .thumb{width:72px;height:72px;object-fit:contain;background:#fff;border-radius:6px;border:1px solid var(--rule);display:block}
    .missing{font-size:11px;color:#5c6570;display:grid;place-items:center;text-align:center}
    .direction{margin-top:32px}
    .sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:20px 40px;margin-top:12px}
    .finds{list-style:none;display:grid;gap:18px}
    .finds>li{break-inside:avoid}
    .query{font-weight:600;font-size:14px;margin-bottom:6px}
    .strip{display:flex;flex-wrap:wrap;gap:8px;align-items:flex-start}
    .found{font-size:12px;color:var(--soft);font-variant-numeric:tabular-nums;text-align:center}
    .found .thumb{width:72px}
    .found figcaption{margin-top:4px}
    .found.own .thumb{outline:2px solid var(--own);outline-offset:1px}
    .right{color:var(--own)}
    .gap{align-self:center;color:var(--soft);padding:0 2px 18px}
    .asking{display:flex;gap:14px;align-items:flex-start}
    .asking .thumb{flex:none}
    .texts{list-style:none;flex:1;min-width:0;font-size:13px}
    .texts li{display:flex;gap:8px;padding:3px 0;border-top:1px solid var(--rule)}
    .texts li:first-child{border-top:0}
    .texts .own{font-weight:600}
    .place{color:var(--soft);min-width:2.2em;text-align:right;font-variant-numeric:tabular-nums}
    .texts .caption{flex:1}
    .score{font-variant-numeric:tabular-nums;color:var(--soft);white-space:nowrap}
    .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:24px 40px}
    .facts h4{margin:20px 0 4px}
    .settings{width:100%;margin-top:8px}
    .settings th,.settings td{text-align:left;vertical-align:top;padding:4px 0;border-top:1px solid var(--rule);overflow-wrap:anywhere}
    .settings th{font-weight:400;color:var(--soft);padding-right:14px;width:44%}
    .paper{color:var(--soft);margin-left:8px;font-size:12px}
    .starts{list-style:none;font-size:13px;font-variant-numeric:tabular-nums}
    details{margin-top:10px}
    summary{cursor:pointer;color:var(--soft);font-size:13px}
    footer{margin-top:56px;padding-top:14px;border-top:1px solid var(--rule);color:var(--soft);font-size:13px}
    @media (max-width:520px){.chart,.matrix{padding:14px 12px}.frame{padding-right:10px;padding-left:48px}.tiles{grid-template-columns:1fr 1fr}
    .heat{border-spacing:1px}.heat th[scope=row]{min-width:76px;max-width:96px;padding-right:5px;font-size:12px}
    .pairs td[style]{width:auto;min-width:24px;height:34px;font-size:9.5px;padding:0}
    .figures th,.figures td{padding-right:9px;font-size:12.5px}.figures thead th{white-space:normal;vertical-align:bottom}
    .found .thumb,.thumb{width:64px;height:64px}}
    @media print{body{font-size:11px;-webkit-print-color-adjust:exact;print-color-adjust:exact}main{max-width:none;padding:0}section{margin-top:24px}
    .charts{grid-template-columns:1fr 1fr;gap:10px}.plot{height:150px}.sides,.facts{grid-template-columns:1fr 1fr}}

    """

  /// Shows the text of what one points at below its chart, at once; without it, the browser shows it a moment later.
  static let script: HTML = """

    for (const chart of document.querySelectorAll(".chart")) {
      const readout = chart.querySelector(".readout"), text = readout.textContent;
      const hits = chart.querySelector(".hits");
      hits.addEventListener("pointerover", event => {
        const title = event.target.querySelector("title");
        if (title) readout.textContent = title.textContent;
      });
      hits.addEventListener("pointerleave", () => { readout.textContent = text; });
    }

    """
}
