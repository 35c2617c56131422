#pragma once
#include <string>
#include <string_view>

#include "base/json.h"
#include "proof/page.h"

namespace regesta::proof {

/// Writes a card in Markdown: headings, paragraphs, lists, tables and code. Front matter and comments are left out;
/// HTML, links and emphasis stay text.
void writeCard(Page& page, std::string_view markdown);
/// The body of evidence of the type card: Markdown text, or an object with sections.
void writeCard(Page& page, const json::value& body);
/// A page with the card alone.
std::string renderCard(std::string_view title, std::string_view markdown);

}  // namespace regesta::proof
