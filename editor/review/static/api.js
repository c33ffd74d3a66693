// Asks the review server, as docs/review-api.md says. The only module that knows its addresses.

/** The server's no, with its reason in the user's words. */
export class Refusal extends Error {
  constructor(status, { code = "unknown", message = "The server gave no reason.", ...rest } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    Object.assign(this, rest);
  }

  /** True where another tab or the command line was quicker. */
  get stale() {
    return this.status === 409 && this.code === "stale";
  }
}

let token = null;

/** Exchange the token of the address bar for a cookie, or get it back by the cookie. */
export async function open() {
  const given = /(?:^#|&)token=([^&]+)/.exec(location.hash);
  if (given) {
    token = decodeURIComponent(given[1]);
    history.replaceState(null, "", location.pathname + location.search);
    await call("POST", "/api/session", {});
  } else {
    token = (await call("GET", "/api/session")).token;
  }
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);

async function call(method, path, body) {
  const options = { method, headers: {}, cache: "no-store" };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  if (method === "POST" && token) options.headers["X-Editor-Token"] = token;
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refusal(0, {
      code: "gone",
      message:
        "The review server does not answer. Start it again with: python -m editor review. What was saved is kept.",
    });
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  throw new Refusal(answer.status, told.error);
}

// Widths in px of a frame's picture: quick from a proxy, and the best there is.
export const QUICK = 640;
export const BEST = 1280;

const version = (title) => `/api/versions/${encodeURIComponent(title)}`;
const media = (title) => `/media/versions/${encodeURIComponent(title)}`;

export const versions = async () => (await get("/api/versions")).versions;
export const film = (title) => get(version(title));
export const curves = (title) => get(`${version(title)}/curves`);
export const terms = () => get("/api/terms");
export const formats = async () => (await get("/api/formats")).formats;
export const footage = async (title) => (await get(`${version(title)}/clips`)).clips;
export const history_ = async () => (await get("/api/history")).events;

/** Search the pool; filters as the API names them, empty ones left out. */
export function moments(title, filters) {
  const asked = Object.entries(filters).filter(([, value]) => value !== "" && value != null);
  return get(`${version(title)}/moments?${new URLSearchParams(asked)}`);
}

export const correct = (title, revision, correction) =>
  post(`${version(title)}/corrections`, { revision, correction });
export const undo = (title, revision) => post(`${version(title)}/undo`, { revision });
export const redo = (title, revision) => post(`${version(title)}/redo`, { revision });
export const judge = (title, revision, verdict) =>
  post(`${version(title)}/verdict`, { revision, ...verdict });

export const compare = (titles) => post("/api/comparisons", { versions: titles });
export const prefer = (comparison, answer) => post(`/api/comparisons/${comparison}`, answer);

export const start = async (title, kind, body) =>
  (await post(title ? `${version(title)}/${kind}` : `/api/${kind}`, body)).job;
export const job = async (id) => (await get(`/api/jobs/${id}`)).job;
export const jobs = async () => (await get("/api/jobs")).jobs;
export const stopJob = (id) => post(`/api/jobs/${id}/stop`);

export const filmProxy = (title, revision) => get(`${version(title)}/film?revision=${revision}`);
export const clipProxy = (title, digest) => get(`${version(title)}/clips/${digest}/proxy`);
export const filmUrl = (title, revision) => `${media(title)}/film?revision=${revision}`;
export const clipUrl = (title, digest) => `${media(title)}/clips/${digest}`;
export const thumbUrl = (title, digest, frame, width = 160) =>
  `${media(title)}/thumbs/${digest}/${frame}?width=${width}`;
