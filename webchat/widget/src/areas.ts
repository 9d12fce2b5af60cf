// Choosing an area, and what stands in its place while it takes no conversation.

import type { API } from "./api";
import { h, question } from "./dom";
import { date, t, time, when } from "./texts";
import type { Area } from "./types";

/** load asks until there is an answer; trouble hears whether it has to ask again. */
export async function load<T>(api: API, path: string, trouble: (yes: boolean) => void): Promise<T> {
  for (let wait = 500; ; wait = Math.min(wait * 2, 1e4)) {
    const answer = await api.call<T>(path);
    if (answer.ok) {
      trouble(false);
      return answer.body;
    }
    trouble(true);
    await new Promise((done) => setTimeout(done, wait));
  }
}

export const minutes = (seconds: number): number => Math.ceil(seconds / 60);

function stateOf(area: Area): [string, string] {
  const wait = area.expected_wait_seconds;
  if (area.state === "open") return ["ok", wait ? t(wait > 60 ? say.area_wait : say.area_now, { n: minutes(wait) }) : t(say.area_open)];
  if (area.state === "unstaffed") return ["warn", t(say.area_unstaffed)];
  return ["warn", area.opens_at ? t(say.area_opens, { when: when(area.opens_at) }) : t(say.area_closed)];
}

/** areaList is the choice. */
export function areaList(areas: Area[], choose: (area: Area) => void): HTMLElement {
  return h("div.view", null,
    question(t(say.areas_title)),
    h("p.soft", null, t(say.areas_hint)),
    h("ul.areas", { "aria-labelledby": "question" }, ...areas.map((area) => {
      const [sign, text] = stateOf(area);
      return h("li", null, h("button", { type: "button", "data-area": area.id, click: () => choose(area) },
        h("span", null, h("strong", null, area.name), " ", h("small", null, area.description)), " ", h("em", { class: sign }, text)));
    })));
}

/** closedArea says when an area opens again, and has room for a request. */
export function closedArea(area: Area, request: HTMLElement | null): HTMLElement {
  const unstaffed = area.state === "unstaffed";
  return h("div.view", null,
    question(t(unstaffed ? say.unstaffed_title : area.opens_at ? say.closed_title : say.closed_unknown)),
    !unstaffed && area.opens_at ? h("p.opens", null, h("strong", null, `${date(area.opens_at)}, ${time(area.opens_at)}`)) : null,
    unstaffed ? h("p", null, area.status) : null,
    area.comment ? h("p", null, area.comment) : null,
    h("p.soft", null, area.hours.text),
    area.counter_hours?.open ? h("p", null, t(say.counter_open)) : null,
    area.counter_hours ? h("p.soft", null, t(say.counter_hours, { hours: area.counter_hours.text })) : null,
    request);
}

