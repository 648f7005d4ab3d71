// SPDX-License-Identifier: BSL-1.0
// What the methods that read answer: resources or data, and what was sent along.

#ifndef CLARIFY_API_SELECTION_HPP
#define CLARIFY_API_SELECTION_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/api/resource.hpp>
#include <clarify/core/result.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace clarify {

/** What every selection has beside its data.

    A selection is one reply: with `ResourceQuery::limit` it is a page of what the query finds, and
    `Pages` asks for one after the other.

    @par Object lifetimes
    It owns all that it holds: nothing refers to the client or to the reply.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
struct SelectionBase {
    SelectionBase() {}

    /// How many there are in all, however many were asked for. None where the server has not counted
    /// them, which it says by -1: it does so where `ResourceQuery::total` is set, or where it costs
    /// nothing.
    std::optional<std::int64_t> total;
    /// The items that were sent along, where `SelectOptions::include_items` asked for it. In the
    /// server's order.
    std::vector<Item> included_items;

    /// The included item with an identifier, found by looking through all of them; null where there is
    /// none, as for an item that the server left out. Valid until `included_items` changes.
    /// @param id as in `Signal::item()`, or the key of a column without a rollup
    const Item* included_item(std::string_view id) const {
        const auto found =
            std::find_if(included_items.begin(), included_items.end(), [id](const Item& item) {
                return item.id == id;
            });
        return found == included_items.end() ? nullptr : &*found;
    }
};

/** Some of the signals, or of the items: a result of `admin.selectSignals`, `clarify.selectItems`, and
    of connecting and disconnecting signals.

    @code
    for (const clarify::Signal& signal : selection.data)
        if (const auto shown = signal.item()) print(signal.input, "is published as", shown->id);
    @endcode

    @tparam Resource `Signal` or `Item`.
*/
template <class Resource>
struct Selection : SelectionBase {
    Selection() {}

    /// The resources, in the order that `ResourceQuery::sort` asked for.
    std::vector<Resource> data;
};

/** The data of some items: a result of `clarify.dataFrame` and `clarify.evaluate`.

    The columns of a data frame are named by the identifiers of the items, with a rollup followed by
    what they are (`_count`, `_min`, `_max`, `_sum`, `_avg`); those of an evaluation by their aliases.
    A bucket without values has no row, and a cell without a value is `DataFrame::missing`.

    @code
    const clarify::DataFrame& data = selection.data;
    for (std::size_t i = 0; i != data.columns(); ++i)
        if (const clarify::Item* item = selection.included_item(data.key(i))) print(item->name);
    @endcode
*/
struct DataSelection : SelectionBase {
    DataSelection() {}

    /// The values, sorted by time; the time of a row with a rollup is the start of its bucket.
    DataFrame data;
};

/** Read a selection in any of the forms that it can be asked for (`format` of the request): resources
    in an array or in an object by their identifiers, included ones in an array or in arrays by their
    types, one data frame or several. Unknown members, and included resources of unknown types, are
    ignored.

    A member that is null counts as absent. A resource in an object has its key for an identifier where
    it does not say its own.

    @par Errors
    `Errc::decode` with a JSON pointer in the message, and `Errc::too_large`, `Reason::parse`, where it
    would take more than 128 MiB; the selection is left alone. A client and a codec have limits of
    their own for what they read.
*/
Result<void> read_json_text(std::string_view text, Selection<Signal>& selection);
Result<void> read_json_text(std::string_view text, Selection<Item>& selection);
Result<void> read_json_text(std::string_view text, DataSelection& selection);

namespace detail {
class JsonReader;
bool read_json(JsonReader& in, Selection<clarify::Signal>& selection);
bool read_json(JsonReader& in, Selection<Item>& selection);
bool read_json(JsonReader& in, DataSelection& selection);
}  // namespace detail

}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/selection.hpp>
#endif

#endif  // CLARIFY_API_SELECTION_HPP
