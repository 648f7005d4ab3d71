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

/** How signals become items, for `ApiClient::publish_changed_signals`.

    What was published is remembered in annotations of the item, the same that clarify-go uses
    (`clarify/clarify-go/publisher/...`): the version of the transforms, the signal, and the hash of
    its attributes. As long as these three are what they would be now, the item is left alone. Who
    published it is written beside them, for people to read, and never compared: an item that another
    publisher made by the same version of the transforms is left alone, too.

    The members of `ApiOptions` hold for each request: the ones that select and the ones that
    publish. Signals whose item was published by hand, without these annotations, are published once
    more, into the same item.
*/
struct PublishOptions : ApiOptions {
    PublishOptions() {}

    /// Which signals of the integration, as in a `ResourceQuery`. Everything by default.
    Filter signals;
    /// Change what is published, in this order. An existing item keeps its visibility unless a
    /// transform changes it; a new one is visible. They are called on the client's executor, one at
    /// a time, and must not throw.
    std::vector<std::function<void(ItemSave&, const Signal&)>> transforms;
    /// Change it whenever the transforms change, so that all items are made anew: nobody can tell it
    /// from the functions. Empty by default.
    std::string transform_version;
    /// Who publishes; written into each item, see above.
    std::string publisher = "clarify-cpp";
    /// How many items are published in one request: 1 to 1000; what is outside counts as the nearest
    /// of these.
    std::size_t batch = 500;
    /// Only find out what would be published: signals and items are selected, and nothing is saved.
    /// `PublishReport::published` has the answer. False by default.
    bool dry_run = false;
};

/// What was looked at and what was published, also by a dry run. Where a request fails there is none:
/// the next run finds what is left to do.
struct PublishReport {
    PublishReport() {}

    /// How many signals were looked at: all that `PublishOptions::signals` finds, changed or not.
    /// Where some are deleted meanwhile, others may be overlooked until the next run, see `Pages`.
    std::size_t signals = 0;
    /// What was published, or would have been, by the identifier of the signal; transforms are done.
    std::map<std::string, ItemSave, std::less<>> published;
    /// What the server made of it, by the identifier of the signal; empty for a dry run.
    std::map<std::string, SaveSummary, std::less<>> items_by_signal;
};

/** What to publish for a signal whose item is `item`, or null where it has none. Nothing where the
    item shows it as it is.

    The decision of `ApiClient::publish_changed_signals`, for programs that select and publish
    themselves. Where the server sent no hash of the signal's attributes, it is computed here. Whether
    `item` is the item of `signal` is not looked at.
*/
std::optional<ItemSave> item_to_publish(
    const Signal& signal, const Item* item, const PublishOptions& options);

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/publish.hpp>
#endif

#endif  // CLARIFY_API_PUBLISH_HPP
