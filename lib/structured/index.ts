export { structuredSerializer } from './structured-serializer.js';
