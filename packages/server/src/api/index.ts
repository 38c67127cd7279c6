/** Spaces, invitations, sign-in and metrics over HTTP. */
export { keepDemo } from './demo.ts';
export { Directory } from './directory.ts';
export type { Api, ApiOptions } from './instance.ts';
export { buildApi } from './server.ts';
