/**
 * undici without what nothing here uses (fetch, caches, mocks, WebSocket): that is more than half of it, and every
 * start of bundle.js would have to read it. As its own index.js does, dispatchers get their `request` and the like.
 */
import api from '../../node_modules/undici/lib/api/index.js';
import Agent from '../../node_modules/undici/lib/dispatcher/agent.js';
import Dispatcher from '../../node_modules/undici/lib/dispatcher/dispatcher.js';
import ProxyAgent from '../../node_modules/undici/lib/dispatcher/proxy-agent.js';

Object.assign(Dispatcher.prototype, api);

export { Agent, ProxyAgent };
