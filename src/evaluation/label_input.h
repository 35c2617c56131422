#pragma once
#include <string>
#include <string_view>

#include "evaluation/label_schema.h"

namespace regesta::evaluation {

/// Throws Invalid.
void checkInput(const LabelInput& input);
/// What reviewers see stays comparable: kind and multiple choice never change. Throws Error{invalid}.
void checkSameKind(const LabelInput& stored, const LabelInput& wanted);
std::string packInput(const LabelInput& input);
LabelInput unpackInput(std::string_view packed);

}  // namespace regesta::evaluation
