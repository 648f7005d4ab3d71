// SPDX-License-Identifier: BSL-1.0
// How it is told from an item whether its signal has changed.

#ifndef CLARIFY_API_IMPL_PUBLISH_HPP
#define CLARIFY_API_IMPL_PUBLISH_HPP

#include <clarify/api/publish.hpp>

#include <clarify/core/detail/config.hpp>

#include <string_view>

namespace clarify {

CLARIFY_DECL std::optional<ItemSave> item_to_publish(
    const Signal& signal, const Item* item, const PublishOptions& options) {
    const std::string hash =
        signal.meta.attributes_hash.empty() ? attributes_hash(signal) : signal.meta.attributes_hash;
    const std::string prefix = "clarify/clarify-go/publisher/";
    const Annotations remembered{
        {prefix + "transform-version", options.transform_version},
        {prefix + "signal-id", signal.id},
        {prefix + "signal-attributes", hash}};
    if (item != nullptr) {
        bool same = true;
        for (const auto& [key, text] : remembered) {
            const auto found = item->meta.annotations.find(key);
            // An annotation without text is one that is not there.
            const std::string_view there =
                found == item->meta.annotations.end() ? std::string_view{} : found->second;
            same = same && there == text;
        }
        if (same) return std::nullopt;
    }
    ItemSave save{signal};
    if (item != nullptr) save.visible = item->visible;
    for (const auto& transform : options.transforms)
        transform(save, signal);
    for (const auto& [key, text] : remembered)
        save.annotations[key] = text;
    save.annotations[prefix + "name"] = options.publisher;
    return save;
}

}  // namespace clarify

#endif  // CLARIFY_API_IMPL_PUBLISH_HPP
