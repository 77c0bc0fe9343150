declare module '*?raw' {
  const text: string;
  export default text;
}

declare module '!!*' {
  const text: string;
  export default text;
}
