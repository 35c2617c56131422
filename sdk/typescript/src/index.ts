export { Client, type ClientOptions, type PromptOptions, type ScoreOptions } from './client.js';
export { AccessDenied, GateRefused, NotFound, RegestaError, Unavailable, type Finding } from './errors.js';
export { GateCheck, type Move } from './moves.js';
export type { Prompt } from './prompt.js';
export type { RecordOptions, SealedBatch } from './records.js';
export type { Message, Variables } from './render.js';
export type { RefusedReport, Report } from './scores.js';
export type { ConnectionOptions } from './settings.js';
export { version } from './version.js';
