/** Spaces, invitations, sign-in and metrics over HTTP. */
export { keepDemo } from './demo.ts';
export { Directory } from './directory.ts';
export { type Api, type ApiOptions, buildApi } from './server.ts';
