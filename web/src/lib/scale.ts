// Axes: where the ticks stand and how a value becomes a place.
export interface Scale {
  low: number;
  high: number;
  ticks: number[];
  at: (value: number) => number;
}

/** Round numbers, about `count` of them, within the bounds. */
function roundTicks(low: number, high: number, count: number) {
  const rough = (high - low) / count,
    power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-9; ++i)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}
function powersOfTen(low: number, high: number) {
  const ticks: number[] = [];
  const every = Math.max(1, Math.ceil(Math.log10(high / low) / 6));
  for (let power = Math.ceil(Math.log10(low) - 1e-9); 10 ** power <= high * (1 + 1e-9); power += every)
    ticks.push(10 ** power);
  return ticks.length >= 2 ? ticks : roundTicks(low, high, 4);
}

/** From the values' bounds to [from, to]; a single value stands in the middle. `log`: values are above zero. */
export function scale(low: number, high: number, from: number, to: number, { log = false, count = 5 } = {}): Scale {
  if (!(low <= high)) [low, high] = log ? [1, 10] : [0, 1];
  if (low === high)
    [low, high] = log ? [low / 2, high * 2] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const place = log ? Math.log : (value: number) => value;
  const a = place(low),
    b = place(high);
  return {
    low,
    high,
    ticks: log ? powersOfTen(low, high) : roundTicks(low, high, count),
    at: (value) => from + ((place(value) - a) / (b - a)) * (to - from),
  };
}

/** Exponential moving average without the bias of its beginning; `weight` 0 to 1. What is no number stays out of it. */
export function smoothed(values: readonly number[], weight: number) {
  let sum = 0,
    share = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    sum = sum * weight + (1 - weight) * value;
    share = share * weight + (1 - weight);
    return sum / share;
  });
}

export function tickText(value: number) {
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-4)) return value.toExponential(1).replace('.0e', 'e').replace('e+', 'e');
  if (size >= 1e4) return `${Number((value / 1000).toPrecision(4))}k`;
  return String(Number(value.toPrecision(4)));
}
/** Seconds since the beginning, as people say it. */
export function spanText(seconds: number) {
  const size = Math.abs(seconds);
  if (size < 120) return `${Number(seconds.toPrecision(3))} s`;
  if (size < 7200) return `${Number((seconds / 60).toPrecision(3))} min`;
  return `${Number((seconds / 3600).toPrecision(3))} h`;
}
