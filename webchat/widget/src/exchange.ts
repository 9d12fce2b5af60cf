// What is loaded when something changes hands: a file is sent, or a form filled in. They are one part, for a form
// may carry files, and when it does nothing else must be reached first.

export { default as form } from "./forms";
export { default } from "./uploads";
