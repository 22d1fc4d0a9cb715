#include "tools/figures/page.h"

#include "kernel/base/text.h"

namespace jackfield::figures {
namespace {

// Colours that are told apart with every kind of colour vision (Okabe and Ito), darker on white.
constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --back: #fff; --text: #1a1a1a; --faint: #d8d8d8;
  --s0: #005a9c; --s1: #b34700; --s2: #00735c; --s3: #9c2c77; --s4: #7a5c00; --s5: #444; }
@media (prefers-color-scheme: dark) {
  :root { --back: #16181b; --text: #e8e8e8; --faint: #3a3d42;
    --s0: #6cb8f0; --s1: #f0a060; --s2: #4cc9a8; --s3: #e68fc7; --s4: #e6d060; --s5: #bbb; } }
@media print {
  :root { --back: #fff; --text: #000; --faint: #ccc;
    --s0: #000; --s1: #000; --s2: #000; --s3: #000; --s4: #000; --s5: #000; }
  section { break-inside: avoid; } }
body { background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: var(--text); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .85rem; }
.wide { overflow-x: auto; }
th, td { text-align: right; padding: .15rem .6rem; border-bottom: 1px solid var(--faint); }
th:first-child, td:first-child { text-align: left; white-space: nowrap; }
.axis { stroke: var(--text); } .grid { stroke: var(--faint); stroke-width: .6; }
.range { stroke: var(--text); stroke-width: 1; } .dotted { stroke-dasharray: 2 3; }
.l { fill: none; stroke-width: 1.8; } .m { stroke-width: 1.6; }
.s0 { stroke: var(--s0); } .s1 { stroke: var(--s1); } .s2 { stroke: var(--s2); }
.s3 { stroke: var(--s3); } .s4 { stroke: var(--s4); } .s5 { stroke: var(--s5); }
.m.s0 { fill: var(--s0); } .m.s1 { fill: var(--s1); } .m.s2 { fill: var(--s2); }
.m.s3 { fill: var(--s3); } .m.s4 { fill: var(--s4); } .m.s5 { fill: var(--s5); }
.m.hollow { fill: var(--back); }
)";

}  // namespace

std::string HtmlText(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string Page(std::string_view title, std::string_view body) {
  const std::string name = HtmlText(title);
  return Text("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
              name, "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n<h1>", name, "</h1>\n",
              body, "</body>\n</html>\n");
}

std::string Section(std::string_view heading, std::string_view body) {
  return Text("<section>\n<h2>", HtmlText(heading), "</h2>\n", body, "</section>\n");
}

std::string Paragraph(std::string_view text) { return Text("<p>", HtmlText(text), "</p>\n"); }

std::string HtmlTable(const std::vector<std::vector<std::string>>& rows) {
  std::string html = "<div class=\"wide\"><table>\n";
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string_view cell = i == 0 ? "th" : "td";
    html += "<tr>";
    for (const std::string& text : rows[i])
      html += Text("<", cell, ">", HtmlText(text), "</", cell, ">");
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

}  // namespace jackfield::figures
