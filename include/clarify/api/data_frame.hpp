// SPDX-License-Identifier: BSL-1.0
// Values over time, in columns.

#ifndef CLARIFY_API_DATA_FRAME_HPP
#define CLARIFY_API_DATA_FRAME_HPP

#include <clarify/api/field_errors.hpp>
#include <clarify/api/timestamp.hpp>
#include <clarify/core/result.hpp>

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clarify {
class DataFrame;
namespace detail {
class JsonReader;
bool read_json(JsonReader& in, DataFrame& frame);
}  // namespace detail

/** Times, and for each key a column with a value for every time. NaN is a value that is missing.

    @code
    clarify::DataFrame frame;
    frame.append(clarify::Timestamp::now(), {{"pump/flow", 12.5}, {"pump/pressure", 3.1}});
    @endcode

    Columns are named by keys: those of inputs where a frame is inserted (`is_input_key`), those of items,
    aggregations or aliases where one was read. Samples are doubles; the states of an enumerated signal
    are whole numbers among them.

    Rows may be in any order, and times may be repeated, until `normalize` is called; what is sent
    and what was received always is. Columns keep the order in which they were added.

    A frame takes eight bytes a row, and eight for each value, whether it is missing or not. Series that
    do not share their times are better kept in frames of their own, or in a `SampleBuffer`.

    @code
    for (const clarify::DataFrame::Row row : frame.rows()) {
        for (std::size_t i = 0; i != frame.columns(); ++i)
            print(row.time(), frame.key(i), row[i]);  // NaN where there is none
    }
    @endcode

    To collect samples that arrive one by one and not row by row, use `SampleBuffer`.

    @par Object lifetimes
    It owns all that it holds. The rows, keys and spans that it hands out refer to it: they are valid
    until rows or columns are added, removed or sorted; to change values in place is fine meanwhile.
    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class DataFrame {
public:
    /// Stands for a value that is not there. Ask with `std::isnan`: NaN equals nothing, not even itself.
    static constexpr double missing = std::numeric_limits<double>::quiet_NaN();
    /// What it writes as JSON is valid, so that the client need not look through it again.
    static constexpr bool writes_valid_json = true;

    /// Without rows and columns.
    DataFrame() {}

    /** A frame of whole columns, which are moved in: each has a value, perhaps `missing`, for each time.
        Times may be in any order, see `normalize`.

        @par Errors
        `Errc::bad_argument`, `Reason::fields`, with the path of each column that is repeated or has
        another length than `times`.
    */
    static Result<DataFrame> make(
        std::vector<Timestamp> times,
        std::vector<std::pair<std::string, std::vector<double>>> columns);

    /// How many rows there are.
    std::size_t size() const noexcept { return times_.size(); }
    /// Is there no row? There may be columns all the same.
    bool empty() const noexcept { return times_.empty(); }
    /// How many columns there are, also such without a value.
    std::size_t columns() const noexcept { return columns_.size(); }
    /// How many values there are, without the missing ones. Looks at all of them.
    std::size_t value_count() const noexcept;

    /// The time of each row. Valid until the frame changes.
    std::span<const Timestamp> times() const noexcept { return times_; }
    /// The key of a column, whose number is less than `columns()`.
    const std::string& key(std::size_t column) const noexcept { return columns_[column].key; }
    /// The position of a column, found in logarithmic time.
    std::optional<std::size_t> find(std::string_view key) const;
    /// Is there a column of that key, with or without values?
    bool contains(std::string_view key) const { return find(key).has_value(); }
    /// The values of a column, whose number is less than `columns()`: as many as `times()`, and valid
    /// until the frame changes.
    std::span<const double> column(std::size_t column) const noexcept {
        return columns_[column].values;
    }
    /// The same, to be changed in place.
    std::span<double> column(std::size_t column) noexcept { return columns_[column].values; }
    /// The values of a key, as many as `times()` and valid until the frame changes; an empty span where
    /// there is no such column.
    std::span<const double> column(std::string_view key) const;
    /// The value of a key at a time, found in logarithmic time; nothing where it is missing. The frame
    /// has to be normalised.
    std::optional<double> at(Timestamp time, std::string_view key) const;

    /// A time with its values: a view, valid until the frame changes.
    class Row {
    public:
        /// For the frame: its row of a number that is less than `size()`.
        Row(const DataFrame& frame, std::size_t number) noexcept : frame_(frame), number_(number) {}
        /// The time that all its values have.
        Timestamp time() const noexcept { return frame_.times_[number_]; }
        /// The value in a column, whose number is less than `columns()`; may be missing.
        double operator[](std::size_t column) const noexcept {
            return frame_.columns_[column].values[number_];
        }

    private:
        const DataFrame& frame_;
        std::size_t number_;
    };
    /// One row, whose number is less than `size()`.
    Row row(std::size_t number) const noexcept { return {*this, number}; }
    /// The rows of a frame, in the order they are in: a view, valid until the frame changes.
    class Rows {
    public:
        class Iterator {
        public:
            using value_type = Row;
            using difference_type = std::ptrdiff_t;

            Iterator() = default;
            Iterator(const DataFrame& frame, std::size_t number) noexcept
                : frame_(&frame), number_(number) {}
            Row operator*() const noexcept { return {*frame_, number_}; }
            Iterator& operator++() noexcept {
                ++number_;
                return *this;
            }
            Iterator operator++(int) noexcept { return {*frame_, number_++}; }
            bool operator==(const Iterator&) const = default;

        private:
            const DataFrame* frame_ = nullptr;
            std::size_t number_ = 0;
        };

        explicit Rows(const DataFrame& frame) noexcept : frame_(&frame) {}
        Iterator begin() const noexcept { return {*frame_, 0}; }
        Iterator end() const noexcept { return {*frame_, size()}; }
        /// How many there are.
        std::size_t size() const noexcept { return frame_->size(); }
        bool empty() const noexcept { return size() == 0; }
        /// One of them, whose number is less than `size()`.
        Row operator[](std::size_t number) const noexcept { return frame_->row(number); }

    private:
        const DataFrame* frame_;
    };
    /// Every row: `for (const DataFrame::Row row : frame.rows())`.
    Rows rows() const noexcept { return Rows{*this}; }

    /// Makes room for so many rows in all, in every column.
    void reserve(std::size_t rows);
    /// Adds a column in which all values are missing, unless there is one of that key. Returns its
    /// position.
    std::size_t add_column(std::string_view key);
    /// Adds a row in which all values are missing, at the end, whatever its time. Returns its number.
    std::size_t add_row(Timestamp time);
    /// Sets a value of a row and a column that there are, by their numbers, which are not checked;
    /// `missing` removes it.
    void set(std::size_t row, std::size_t column, double value) noexcept {
        columns_[column].values[row] = value;
    }
    /// Adds a row at the end, and the columns that it needs. Of values with the same key the last one
    /// counts.
    void append(Timestamp time, std::span<const std::pair<std::string_view, double>> values);
    /// The same with the values in braces: `frame.append(time, {{"pump/flow", 12.5}})`.
    void append(Timestamp time, std::initializer_list<std::pair<std::string_view, double>> values) {
        append(time, std::span{values.begin(), values.size()});
    }
    /// Removes all rows and columns.
    void clear() noexcept;

    /// Are the times ascending, and none of them repeated? Looks at the times only.
    bool is_normalized() const noexcept;
    /** Sorts by time, joins rows of the same time, and drops rows without any value.

        Where several rows have a value for the same key, the last one counts. Costs nothing but a
        look at every value where there is nothing to do.
    */
    void normalize();
    /// Adds the rows and columns of another frame, and normalises. Where both have a value, that of
    /// `other` counts; one that is missing there replaces nothing.
    void merge(const DataFrame& other);
    /// `count` rows from number `first` on, with all columns; fewer where there are fewer.
    DataFrame part(std::size_t first, std::size_t count) const;
    /// The rows from a time (included) to another (excluded) of a normalised frame, with all columns.
    DataFrame slice(Timestamp from, Timestamp to) const;

    /// The same times, keys and order of columns; missing values are equal to each other, and the
    /// zeros are not.
    friend bool operator==(const DataFrame& a, const DataFrame& b) noexcept;

private:
    struct Column {
        std::string key;
        std::vector<double> values;
    };
    friend bool detail::read_json(detail::JsonReader& in, DataFrame& frame);

    void reorder(const std::vector<std::size_t>& order);

    std::vector<Timestamp> times_;
    std::vector<Column> columns_;
    std::map<std::string, std::size_t, std::less<>> by_key_;
};

/** Writes the frame as `integration.insert` takes it, `{"times":[…],"series":{"key":[…],…}}`:
    numbers as short as they can be read back exactly,
    null for what is missing. A frame that is not normalised is written as if it were.

    @par Errors
    `Errc::bad_argument`: `Reason::out_of_range` for an infinite value or a year beyond 0000 to 9999,
    `Reason::encoding` for a key that is not UTF-8; `out` is then as it was.
*/
Result<void> append_json_text(std::string& out, const DataFrame& frame);

/** Reads a frame, or an array of frames, which are merged. Its times are ascending, and none of them
    is repeated.

    A row without any value stays where the text is one frame whose times are in order already.
    Null in place of the times or of a series stands for an empty one; unknown members are ignored.

    @par Errors
    `Errc::decode` with a JSON pointer in the message; the frame is left alone. `Reason::mismatch`
    among others for a series that has not as many values as there are times, `Reason::out_of_range`
    for a number beyond the largest double; one nearer to zero than the smallest is zero.
    `Errc::too_large`, `Reason::parse`, where it would take more than 128 MiB, as frames may that have
    neither times nor keys in common; a codec with other limits reads larger ones.
*/
Result<void> read_json_text(std::string_view text, DataFrame& frame);

namespace detail {
/// Notes every key that is no input key, and every column that has an infinite value, with its path
/// below `path`.
void check(const DataFrame& frame, std::string_view path, FieldErrors& errors);
}  // namespace detail

}  // namespace clarify

#include <clarify/api/detail/frame_text.hpp>
#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/data_frame.hpp>
#endif

#endif  // CLARIFY_API_DATA_FRAME_HPP
