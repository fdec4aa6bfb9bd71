/// The style of the status page: `/status.css`, and the icon. A test computes the contrast of its colours.
package enum StatusStyle {
    package static let text = #"""
        :root {
          color-scheme: light dark;
          --page: #f4f5f7;
          --card: #ffffff;
          --text: #1b1f24;
          --soft: #505862;
          --edge: #7a828c;
          --grid: #d5d9de;
          --link: #0b57b0;
          --ready: #1a6b34;
          --full: #8a4b00;
          --refusing: #b3201c;
          --draining: #505862;
          --lost: #b3201c;
          --s0: #0b57b0;
          --s1: #b3201c;
          --s2: #505862;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #14171b;
            --card: #1f242a;
            --text: #e8ebee;
            --soft: #aab2bb;
            --edge: #7c8590;
            --grid: #3a424b;
            --link: #8ab8ff;
            --ready: #6fd08c;
            --full: #f2b45c;
            --refusing: #ff9a94;
            --draining: #aab2bb;
            --lost: #ff9a94;
            --s0: #8ab8ff;
            --s1: #ff9a94;
            --s2: #aab2bb;
          }
        }
        * { box-sizing: border-box; }
        [hidden] { display: none !important; }
        body {
          margin: 0 auto;
          max-width: 80rem;
          padding: 1rem;
          background: var(--page);
          color: var(--text);
          font: 1rem/1.45 system-ui, sans-serif;
          overflow-wrap: break-word;
        }
        h1 { font-size: 1.4rem; margin: 0 0 .5rem; }
        h2 { font-size: 1.15rem; margin: 1.5rem 0 .5rem; }
        h3, caption { font-size: 1rem; font-weight: 600; margin: 0; text-align: left; }
        p { margin: .5rem 0; }
        a { color: var(--link); }
        a:focus-visible, button:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
        .soft { color: var(--soft); }
        .card { background: var(--card); border: 1px solid var(--grid); border-radius: .5rem; padding: .75rem 1rem; }
        .state { background: var(--card); border: 2px solid var(--edge); border-radius: .5rem; padding: .75rem 1rem; }
        .state strong { font-size: 1.25rem; margin-right: .25rem; }
        .mark { display: inline-block; font-weight: 700; font-size: 1.25rem; min-width: 1.5rem; }
        .state[data-state="ready"] { border-color: var(--ready); }
        .state[data-state="ready"] strong, .state[data-state="ready"] .mark { color: var(--ready); }
        .state[data-state="ready"] .mark::before { content: "\2713"; }
        .state[data-state="full"] { border-color: var(--full); }
        .state[data-state="full"] strong, .state[data-state="full"] .mark { color: var(--full); }
        .state[data-state="full"] .mark::before { content: "!"; }
        .state[data-state="refusing"] { border-color: var(--refusing); }
        .state[data-state="refusing"] strong, .state[data-state="refusing"] .mark { color: var(--refusing); }
        .state[data-state="refusing"] .mark::before { content: "\00d7"; }
        .state[data-state="draining"] { border-color: var(--draining); }
        .state[data-state="draining"] strong, .state[data-state="draining"] .mark { color: var(--draining); }
        .state[data-state="draining"] .mark::before { content: "\2026"; }
        .state[data-state="lost"] { border-color: var(--lost); border-style: dashed; }
        .state[data-state="lost"] strong, .state[data-state="lost"] .mark { color: var(--lost); }
        .state[data-state="lost"] .mark::before { content: "?"; }
        button {
          background: var(--card);
          color: var(--link);
          border: 1px solid var(--edge);
          border-radius: .4rem;
          font: inherit;
          min-height: 2.75rem;
          min-width: 5rem;
          padding: .25rem .75rem;
        }
        .glance { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); margin: 0; }
        .glance dt { font-weight: 600; }
        .glance dd { margin: 0; }
        .number { display: block; font-size: clamp(1.25rem, 6vw, 2rem); line-height: 1.2; font-variant-numeric: tabular-nums; }
        .number span { white-space: nowrap; }
        .notices { list-style: none; margin: 0; padding: 0; }
        .notices li { border-left: .4rem solid var(--full); margin: 0 0 .5rem; }
        .notices li > span { display: block; }
        .option { white-space: nowrap; }
        .charts, .tables { align-items: start; display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
        .charts { margin-bottom: .75rem; }
        .tables { grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); }
        .chart { margin: 0; min-width: 0; }
        .legend { color: var(--text); display: flex; flex-wrap: wrap; gap: 0 1rem; list-style: none; margin: .25rem 0; padding: 0; }
        .key { height: .75em; width: 1.5em; }
        .picture { display: block; height: auto; width: 100%; }
        .picture text { fill: var(--soft); font-size: 12px; }
        .grid { stroke: var(--grid); stroke-width: 1; }
        .line { fill: none; stroke-linecap: round; stroke-linejoin: round; stroke-width: 2; }
        .line.s0 { stroke: var(--s0); }
        .line.s1 { stroke: var(--s1); stroke-dasharray: 6 4; }
        .line.s2 { stroke: var(--s2); stroke-dasharray: 1 4; }
        .dot.s0 { fill: var(--s0); }
        .dot.s1 { fill: var(--s1); }
        .dot.s2 { fill: var(--s2); }
        .bar.s0 { fill: var(--s0); stroke: var(--s0); }
        .bar.s1 { fill: var(--card); stroke: var(--s1); stroke-width: 1.5; }
        table { border-collapse: separate; border-spacing: 0; width: 100%; }
        caption { padding: 0 0 .25rem; }
        th, td { border-top: 1px solid var(--grid); padding: .3rem 0; text-align: left; vertical-align: top; }
        caption + tbody tr:first-child > * { border-top: 0; }
        thead th { border-top: 0; color: var(--soft); font-weight: 400; }
        tbody th { font-weight: 400; overflow-wrap: anywhere; padding-right: .75rem; }
        td:not([colspan]), thead th + th { font-variant-numeric: tabular-nums; text-align: right; }
        td { overflow-wrap: anywhere; }
        td [data-as]:not([data-as="word"]) { white-space: nowrap; }
        details { margin-top: .5rem; }
        summary { color: var(--link); cursor: pointer; min-height: 1.75rem; }

        """#

    /// The icon: two devices.
    static let icon = #"""
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0b57b0"/>\#
        <path d="M3 4h4v8H3zM9 4h4v8H9z" fill="#fff"/></svg>

        """#
}
