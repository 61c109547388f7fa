import fc from 'fast-check';

/** The same cases in every run: a find belongs to who looks for it, not to whoever submits something else. */
fc.configureGlobal({ seed: 20261122 });

export default fc;
