// SPDX-License-Identifier: BSL-1.0
// What a hang-up has a program do that runs for days: read its files again, and say what has changed.

#ifndef CLARIFY_DAEMONS_RELOAD_HPP
#define CLARIFY_DAEMONS_RELOAD_HPP

#include <clarify/core/result.hpp>

#include "log.hpp"

#include <functional>
#include <string>
#include <vector>

namespace daemons {

/// What has changed since the last look, in lines for people; nothing where nothing has. Or why what
/// there is now cannot be used, so that what there was before stays in use.
using Changes = clarify::Result<std::vector<std::string>>;
/// Reads files again, and uses what it finds.
using ReadAgain = std::function<Changes()>;

/// Has all files read again. The log has a line for each change, or for all that nothing has changed; the
/// service manager hears when it begins and ends. What one of them throws is a line, too.
void read_again(Log& log, const std::vector<ReadAgain>& files);

}  // namespace daemons

#endif  // CLARIFY_DAEMONS_RELOAD_HPP
