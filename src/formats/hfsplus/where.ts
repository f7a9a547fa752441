export * from '../where.js';
