import type {MermaidConfig} from 'mermaid';

const light = {
  paper: '#fcfbf8',
  box: '#eef4f3',
  edge: '#0b5566',
  line: '#55606b',
  text: '#14202b',
  group: '#f3f1ea',
  note: '#fbeedd',
};

const dark = {
  paper: '#10181f',
  box: '#1d323b',
  edge: '#7fd1e0',
  line: '#a3b2bf',
  text: '#f0f5f9',
  group: '#18232d',
  note: '#33281b',
};

/** Mermaid's settings in the colours of the site. It computes with colours, so they cannot be CSS variables. */
export function palette(mode: 'light' | 'dark'): MermaidConfig {
  const colour = mode === 'dark' ? dark : light;
  const fontFamily = 'system-ui, -apple-system, "Segoe UI", Roboto, Ubuntu, "Noto Sans", sans-serif';
  return {
    startOnLoad: false,
    theme: 'base',
    fontFamily,
    // Chromium at times measures labels in HTML before they have their size, and boxes are then drawn far apart.
    htmlLabels: false,
    flowchart: {useMaxWidth: true, htmlLabels: false},
    themeVariables: {
      darkMode: mode === 'dark',
      fontFamily,
      background: colour.paper,
      primaryColor: colour.box,
      primaryTextColor: colour.text,
      primaryBorderColor: colour.edge,
      secondaryColor: colour.group,
      secondaryTextColor: colour.text,
      secondaryBorderColor: colour.line,
      tertiaryColor: colour.group,
      tertiaryTextColor: colour.text,
      tertiaryBorderColor: colour.line,
      lineColor: colour.line,
      textColor: colour.text,
      edgeLabelBackground: colour.paper,
      noteBkgColor: colour.note,
      noteTextColor: colour.text,
      noteBorderColor: colour.line,
      actorBkg: colour.box,
      actorBorder: colour.edge,
      actorTextColor: colour.text,
      actorLineColor: colour.line,
      signalColor: colour.line,
      signalTextColor: colour.text,
      labelBoxBkgColor: colour.group,
      labelBoxBorderColor: colour.line,
      labelTextColor: colour.text,
      loopTextColor: colour.text,
      activationBkgColor: colour.note,
      activationBorderColor: colour.line,
      clusterBkg: colour.group,
      clusterBorder: colour.line,
      titleColor: colour.text,
    },
  };
}
