// The style of every page. Colours of series are those of Okabe and Ito, which people with any kind of colour blindness
// tell apart; shades of bits are ordered by lightness, so they can be told in grey, too.
#include "hgq/report/page.h"

namespace hgq::report {

std::string_view page_style() {
  return R"CSS(
:root{color-scheme:light dark;--bg:#fff;--fg:#1a1f26;--soft:#59636e;--rule:#dde2e8;--panel:#f5f7f9;--bar:#4a7fb5;
--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#b5588f;--s4:#a67c00;--s5:#3a9bd1;--warn:#8a3b00;--warn-bg:#fff3e8;
--h1:#eef6b8;--h2:#c7e9b4;--h3:#7fcdbb;--h4:#41b6c4;--h5:#1d91c0;--h6:#225ea8;--h7:#253494;--h8:#081d58;--hatch:#b9c1c9;--on-low:#10151a;--on-high:#fff}
@media (prefers-color-scheme:dark){:root{--bg:#12161b;--fg:#e4e8ec;--soft:#9aa5b1;--rule:#2c343d;--panel:#1a2027;--bar:#5f93c9;
--s0:#56b4e9;--s1:#ff9a4d;--s2:#2fc79a;--s3:#e09ac4;--s4:#e6c14b;--s5:#8fd0f5;--warn:#ffb98a;--warn-bg:#33231a;
--h1:#23407c;--h2:#225ea8;--h3:#1d91c0;--h4:#41b6c4;--h5:#7fcdbb;--h6:#c7e9b4;--h7:#edf8b1;--h8:#ffffe0;--hatch:#47515c;--on-low:#fff;--on-high:#10151a}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:1280px;padding:24px 16px 48px;background:var(--bg);color:var(--fg);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 4px}
h2{font-size:1.25rem;margin:40px 0 10px;padding-top:12px;border-top:1px solid var(--rule)}
h3{font-size:1.05rem;margin:28px 0 8px}
p{margin:6px 0;max-width:76ch}
a{color:var(--s0)}
nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin:12px 0 20px;font-size:14px}
.note,footer{color:var(--soft);font-size:13px}
footer{margin-top:40px;border-top:1px solid var(--rule);padding-top:10px}
.patterns{position:absolute}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,158px),1fr));gap:10px;margin:12px 0}
.card{background:var(--panel);border:1px solid var(--rule);border-radius:8px;padding:10px 14px}
.card dt{color:var(--soft);font-size:13px}
.card dd{margin:0}
.card .value{font-size:1.45rem;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.3}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));gap:20px 28px;align-items:start;margin:8px 0}
.figures>*{min-width:0}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:20px 36px;align-items:start}
.pair>*{min-width:0}
.pair .scroll{max-height:430px;overflow:auto}
.pair figure .scroll{max-height:none}
.pair figure+figure{margin-top:20px}
figure{margin:0;min-width:0;position:relative}
figure.wide{grid-column:1/-1}
figcaption{font-weight:600;margin-bottom:4px}
.scroll{overflow-x:auto;max-width:100%}
svg[role=img]{display:block;width:100%;height:auto;font-family:inherit}
svg text{fill:var(--fg);font-size:12px}
svg .label{fill:var(--soft)}
svg .tick{fill:var(--soft);font-size:11px;font-variant-numeric:tabular-nums}
svg .mark-label{font-size:11px}
svg .axis{stroke:var(--soft);stroke-width:1}
svg .grid{stroke:var(--rule);stroke-width:1}
svg .line{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
svg .line.s1{stroke-dasharray:6 3.5}
svg .line.s2{stroke-dasharray:2 3.5}
svg .line.d1{stroke-dasharray:10 3}svg .line.d2{stroke-dasharray:8 3 2 3}svg .line.d3{stroke-dasharray:1 4}
svg .thin{fill:none;stroke:var(--c);stroke-width:1;opacity:.55}
svg .dots{fill:none;stroke:var(--c);stroke-width:5;stroke-linecap:round}
svg .cloud{fill:var(--c);fill-opacity:.5;stroke:var(--c);stroke-opacity:.5;stroke-width:4;stroke-linecap:round}
svg circle.cloud{stroke-width:0;r:2px}
svg .front{fill:none;stroke:var(--fg);stroke-width:1.2;opacity:.45}
svg .other{--c:var(--soft)}
svg .off{fill-opacity:.4;stroke-opacity:.4}
svg .point{fill:var(--c);stroke:var(--bg);stroke-width:1}
svg .mark{fill:var(--c);stroke:var(--bg);stroke-width:1.5}
svg .s0{--c:var(--s0)}svg .s1{--c:var(--s1)}svg .s2{--c:var(--s2)}svg .s3{--c:var(--s3)}svg .s4{--c:var(--s4)}svg .s5{--c:var(--s5)}
svg .bar{fill:var(--bar)}
svg .zero{fill:url(#hatch)}
svg .bar.zero,svg .cell,svg .border{stroke:var(--soft);stroke-width:.75}
svg .border{fill:none}
.hatch-ground{fill:var(--bg)}.hatch-line{stroke:var(--hatch);stroke-width:1.4}
svg .cells{shape-rendering:crispEdges}
svg .h0{fill:var(--bg)}
svg .cell-text{font-size:11px;font-variant-numeric:tabular-nums}
svg .on-low{fill:var(--on-low)}svg .on-middle{fill:#10151a}svg .on-high{fill:var(--on-high)}
svg .h1{fill:var(--h1)}svg .h2{fill:var(--h2)}svg .h3{fill:var(--h3)}svg .h4{fill:var(--h4)}
svg .h5{fill:var(--h5)}svg .h6{fill:var(--h6)}svg .h7{fill:var(--h7)}svg .h8{fill:var(--h8)}
svg .link{fill:none;stroke:var(--soft);stroke-width:1.3}
svg .arrow{fill:var(--soft)}
svg .box{fill:var(--panel);stroke:var(--soft);stroke-width:1}
svg .box.strong{stroke:var(--s0);stroke-width:1.6}
svg .node-name{font-weight:600}
svg .node-detail,svg .link-label{font-size:11px;fill:var(--soft)}
svg .link-label{fill:var(--fg);paint-order:stroke;stroke:var(--bg);stroke-width:4px;stroke-linejoin:round}
svg .cursor{stroke:var(--soft);stroke-dasharray:2 3;pointer-events:none}
.tip{position:absolute;pointer-events:none;background:var(--fg);color:var(--bg);border-radius:5px;padding:4px 8px;
font-size:12px;line-height:1.4;white-space:pre;z-index:2;font-variant-numeric:tabular-nums}
table{border-collapse:collapse;font-size:14px;margin:8px 0}
caption{text-align:left;color:var(--soft);font-size:13px;padding-bottom:4px}
th,td{padding:3px 12px 3px 0;text-align:left;border-bottom:1px solid var(--rule);vertical-align:top}
th{font-weight:600;white-space:nowrap}
td{overflow-wrap:normal}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th button{all:unset;cursor:pointer}
th button:focus-visible{outline:2px solid var(--s0)}
th[aria-sort=ascending] button::after{content:" ▲"}
th[aria-sort=descending] button::after{content:" ▼"}
details{margin:6px 0}
summary{cursor:pointer;color:var(--soft);font-size:13px}
details .scroll{max-height:420px;overflow:auto}
pre{background:var(--panel);border:1px solid var(--rule);border-radius:6px;padding:10px 12px;font:13px/1.45 ui-monospace,"DejaVu Sans Mono",Menlo,monospace;
white-space:pre;overflow-x:auto;overflow-wrap:normal}
.warning{background:var(--warn-bg);color:var(--warn);border-left:4px solid var(--s1);padding:8px 12px;border-radius:4px;max-width:90ch}
@media print{:root{color-scheme:light;--bg:#fff;--fg:#000;--soft:#444;--rule:#ccc;--panel:#fff}
body{max-width:none;padding:0;font-size:11px}nav,details:not([open]){display:none}
figure,.card,table{break-inside:avoid}h2,h3{break-after:avoid}
.figures{grid-template-columns:repeat(2,minmax(0,1fr))}svg[role=img]{min-width:0!important}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)CSS";
}

}  // namespace hgq::report
