// A page of figures: one HTML file that is complete in itself. It loads nothing and runs nothing;
// it follows the reader's choice of light or dark, and prints black on white.
//
// Thread: any; pure functions.
#ifndef JACKFIELD_TOOLS_FIGURES_PAGE_H_
#define JACKFIELD_TOOLS_FIGURES_PAGE_H_

#include <string>
#include <string_view>
#include <vector>

namespace jackfield::figures {

// `text` so that HTML shows it as it is, between tags and in quotes.
std::string HtmlText(std::string_view text);

// `body`: HTML, of the functions below and of plot.h.
std::string Page(std::string_view title, std::string_view body);

std::string Section(std::string_view heading, std::string_view body);
std::string Paragraph(std::string_view text);
// Rows of cells, the first is the head; the first column holds names, the others figures.
std::string HtmlTable(const std::vector<std::vector<std::string>>& rows);

}  // namespace jackfield::figures

#endif  // JACKFIELD_TOOLS_FIGURES_PAGE_H_
