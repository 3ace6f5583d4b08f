// The script of every page: what is under the mouse in a curve or a map, and tables that can be sorted. All numbers
// come from the drawing itself: the axes of a chart are in its attributes data-x and data-y, the bits of a map in
// data-cells. Whoever changes the script changes its hash, which tests/cli/report_test.py checks and tells.
#include "hgq/report/page.h"

namespace hgq::report {

std::string_view page_script() {
  return R"JS('use strict';
(() => {
  const axis = text => {
    const [kind, ...rest] = text.split(' ');
    const [low, high, from, to] = rest.map(Number);
    const log = kind === 'log';
    return pixel => {
      const share = (pixel - from) / (to - from);
      return log ? low * Math.pow(high / low, share) : low + share * (high - low);
    };
  };
  const number = value => Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3)
    ? value.toExponential(3) : String(Number(value.toPrecision(5)));
  const tipOf = figure => {
    const tip = document.createElement('div');
    tip.className = 'tip';
    tip.hidden = true;
    figure.append(tip);
    return (event, text) => {
      tip.hidden = !text;
      if (!text) return;
      tip.textContent = text;
      const outer = figure.getBoundingClientRect();
      const left = event.clientX - outer.left + 14;
      tip.style.left = Math.max(0, Math.min(left, outer.width - tip.offsetWidth)) + 'px';
      tip.style.top = event.clientY - outer.top + 14 + 'px';
    };
  };
  for (const svg of document.querySelectorAll('svg[data-x]')) {
    const x = axis(svg.dataset.x), y = axis(svg.dataset.y), figure = svg.closest('figure');
    const curves = [...svg.querySelectorAll('path[data-name]')].map(path => ({
      name: path.dataset.name,
      points: [...path.getAttribute('d').matchAll(/[ML]([-\d.]+) ([-\d.]+)/g)].map(m => [Number(m[1]), Number(m[2])])
    })).filter(curve => curve.points.length);
    if (!curves.length) continue;
    const limits = svg.dataset.y.split(' ').slice(3).map(Number), isShare = Number(svg.dataset.x.split(' ')[2]) <= 1;
    const cursor = document.createElementNS('http://www.w3.org/2000/svg', 'line');
    cursor.setAttribute('class', 'cursor');
    const tip = tipOf(figure);
    svg.addEventListener('pointermove', event => {
      const box = svg.getBoundingClientRect();
      const at = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
      const nearest = curves.map(curve => curve.points.reduce((a, b) => Math.abs(b[0] - at) < Math.abs(a[0] - at) ? b : a));
      const place = nearest.reduce((a, b) => Math.abs(b[0] - at) < Math.abs(a[0] - at) ? b : a)[0];
      cursor.setAttribute('x1', place);
      cursor.setAttribute('x2', place);
      cursor.setAttribute('y1', limits[0]);
      cursor.setAttribute('y2', limits[1]);
      svg.append(cursor);
      const lines = [svg.dataset.xName + ' ' + (isShare ? number(x(place)) : Math.round(x(place)))];
      curves.forEach((curve, i) => {
        if (Math.abs(nearest[i][0] - place) < 2) lines.push(curve.name + ' ' + number(y(nearest[i][1])));
      });
      tip(event, lines.join('\n'));
    });
    svg.addEventListener('pointerleave', event => { tip(event, ''); cursor.remove(); });
  }
  for (const map of document.querySelectorAll('g[data-cells]')) {
    const svg = map.closest('svg'), tip = tipOf(map.closest('figure'));
    const {cells, rowName, columnName} = map.dataset, columns = Number(map.dataset.columns);
    svg.addEventListener('pointermove', event => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
      const row = Math.floor(at.y), column = Math.floor(at.x), bits = parseInt(cells[row * columns + column], 36);
      const inside = row >= 0 && column >= 0 && column < columns && !Number.isNaN(bits);
      tip(event, inside ? `${rowName} ${row}, ${columnName} ${column}: ${bits} bits` : '');
    });
    svg.addEventListener('pointerleave', event => tip(event, ''));
  }
  for (const table of document.querySelectorAll('table')) {
    const body = table.tBodies[0], heads = [...table.querySelectorAll('thead th')];
    if (!body || body.rows.length < 3) continue;
    heads.forEach((head, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener('click', () => {
        const up = head.getAttribute('aria-sort') !== 'ascending', numeric = head.classList.contains('n');
        const value = row => {
          const text = row.cells[column] ? row.cells[column].textContent : '';
          if (!numeric) return text;
          const parsed = parseFloat(text.replace(/,/g, '').replace('−', '-'));
          return Number.isNaN(parsed) ? -Infinity : parsed;
        };
        const rows = [...body.rows].map(row => [value(row), row]);
        rows.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1));
        body.append(...rows.map(([, row]) => row));
        heads.forEach(other => other.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      });
    });
  }
})();
)JS";
}

std::string_view page_script_hash() { return "PD52SpRzDeny/avEKVUW+JBfCxkGDG4YM7UOuDr9Y1Q="; }

}  // namespace hgq::report
