/** The tags that people set: what starts with "_" or belongs to a client's inner life says nothing to a reader. */
const inner = /^(_|mlflow\.(prompt\.is_prompt|prompt\.text|promptVersion)|prompt\.)/;
export const tagsOf = (tags: Record<string, string> | undefined) =>
  Object.entries(tags ?? {}).filter(([key]) => !inner.test(key));
