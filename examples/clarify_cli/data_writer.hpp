// SPDX-License-Identifier: BSL-1.0
// Data frames as a table, as CSV or as JSON.

#ifndef CLARIFY_CLI_DATA_WRITER_HPP
#define CLARIFY_CLI_DATA_WRITER_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/api/resource.hpp>
#include <clarify/api/time_zone.hpp>
#include <clarify/core/result.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify_cli {

/// A key of a data frame: an item, and of a rollup what it is of the values, such as `avg`.
std::pair<std::string_view, std::string_view> split_key(std::string_view key);

/// What is known of the items that data are of.
using ItemMap = std::map<std::string, clarify::Item, std::less<>>;

/// How items are called. Distinct objects: safe. Shared objects: safe for reading.
class ItemNames {
public:
    ItemNames() = default;
    explicit ItemNames(const ItemMap& items);

    /// The name of an item; its identifier where that is not known, or is another one's name too.
    std::string name_of(std::string_view id) const;

private:
    /// By identifier, those that are nobody else's.
    std::map<std::string, std::string, std::less<>> names_;
};

/** Writes rows as they come: as CSV and JSON for programs, with all digits and in UTC, and as a table
    for people, with the names of the items, six digits, and the time of a zone.

    CSV has one line of names and a row a time, so its columns are to be told beforehand.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class DataWriter {
public:
    /// @param format `table`, `csv` or `json`.
    DataWriter(std::ostream& out, std::string format);
    /// For the table.
    void set_items(const ItemMap& items) { names_ = ItemNames{items}; }
    void set_zone(clarify::TimeZone zone, std::string name);
    /// All columns that there will be, for CSV; writes the line of names.
    void set_columns(std::vector<std::string> keys);

    /** Writes the rows of several frames, joined by their times, of which each has ascending ones.

        @par Errors
        `Errc::decode` for a column that CSV was not told of, and for one that is none: its key is too
        long, or there are far more than a table has room for. What a server makes up costs little.
    */
    clarify::Result<void> write(const std::vector<clarify::DataFrame>& frames);

private:
    /// The values of a row, in the order of the keys; of each column the last one that is there.
    using Values = std::vector<double>;

    clarify::Result<std::vector<std::size_t>> places_of(const clarify::DataFrame& frame);
    clarify::Result<void> check_column(const std::string& key) const;
    /// `used`: the places of the values that are there.
    void write_row(clarify::Timestamp time, const Values& values, std::vector<std::size_t>& used);
    void write_json(
        clarify::Timestamp time, const Values& values, const std::vector<std::size_t>& used);
    void write_csv(clarify::Timestamp time, const Values& values);
    void write_table(clarify::Timestamp time, const Values& values);
    void write_names();

    std::ostream& out_;
    std::string format_;
    ItemNames names_;
    clarify::TimeZone zone_;
    std::string zone_name_ = "UTC";
    std::vector<std::string> keys_;
    /// Where in `keys_` a key is.
    std::map<std::string, std::size_t, std::less<>> places_;
    /// Of the table's columns.
    std::vector<std::size_t> widths_;
    bool changed_ = false;
};

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_DATA_WRITER_HPP
