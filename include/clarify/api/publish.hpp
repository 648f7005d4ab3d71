// SPDX-License-Identifier: BSL-1.0
// Publishing signals again where they have changed, and only there.

#ifndef CLARIFY_API_PUBLISH_HPP
#define CLARIFY_API_PUBLISH_HPP

#include <clarify/api/api_options.hpp>
#include <clarify/api/filter.hpp>
#include <clarify/api/resource.hpp>
#include <clarify/api/summaries.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace clarify {

/** How signals become items.

    What was published is remembered in annotations of the item, the same that clarify-go uses: who
    did it, the version of the transforms, the signal, and the hash of its attributes. As long as all
    of them agree, the item is left alone.
*/
struct PublishOptions : ApiOptions {
    PublishOptions() {}

    /// Which signals. Everything by default.
    Filter signals;
    /// Change what is published, in this order. An existing item keeps its visibility unless a
    /// transform changes it; a new one is visible.
    std::vector<std::function<void(ItemSave&, const Signal&)>> transforms;
    /// Change it whenever the transforms change, so that all items are made anew.
    std::string transform_version;
    /// Who publishes.
    std::string publisher = "clarify-cpp";
    /// How many items are published in one request: 1 to 1000.
    std::size_t batch = 500;
    /// Only find out what would be published.
    bool dry_run = false;
};

/// What was looked at and what was published.
struct PublishReport {
    PublishReport() {}

    /// How many signals were looked at.
    std::size_t signals = 0;
    /// What was published, or would have been, by the identifier of the signal.
    std::map<std::string, ItemSave, std::less<>> published;
    /// What the server made of it; empty for a dry run.
    std::map<std::string, SaveSummary, std::less<>> items_by_signal;
};

/// What to publish for a signal whose item is `item`, or null where it has none. Nothing where the
/// item shows it as it is.
std::optional<ItemSave> item_to_publish(
    const Signal& signal, const Item* item, const PublishOptions& options);

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/publish.hpp>
#endif

#endif  // CLARIFY_API_PUBLISH_HPP
