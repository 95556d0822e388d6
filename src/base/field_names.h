// Names that other programs of the field use for options and models of this one, such as SASRec's
// and RecBole's.
#pragma once

#include <string>

namespace elastic {

/// The name here, in the form of a config key or a model, of what others call `name`: --lr, lr and
/// LR lead to learning_rate. "" if none is known. Only messages use it: options have one name.
std::string name_here(const std::string& name);

/// The form of a config key: --Max-Len becomes max_len.
std::string key_form(std::string name);

}  // namespace elastic
