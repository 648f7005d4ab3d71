// SPDX-License-Identifier: BSL-1.0

#ifndef CLARIFY_JSON_DETAIL_IMPL_BOOST_DOCUMENT_HPP
#define CLARIFY_JSON_DETAIL_IMPL_BOOST_DOCUMENT_HPP

namespace clarify::detail {

inline std::size_t unforeseeable(std::size_t bound) noexcept {
    static std::atomic<std::uint64_t> state{[] {
        // A clock and the place of the stack, where the system has no better source.
        std::uint64_t seed =
            static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
        seed ^= static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&seed)) << 16U;
        try {
            std::random_device device;
            seed ^= static_cast<std::uint64_t>(device()) << 32U | device();
        } catch (...) {
        }
        return seed;
    }()};
    // The mixing function of splitmix64, over a counter.
    constexpr std::uint64_t step = 0x9E3779B97F4A7C15U;
    std::uint64_t word = state.fetch_add(step, std::memory_order_relaxed);
    word = (word ^ (word >> 30U)) * 0xBF58476D1CE4E5B9U;
    word = (word ^ (word >> 27U)) * 0x94D049BB133111EBU;
    return static_cast<std::size_t>((word ^ (word >> 31U)) % bound);
}

template <class Reader>
bool BoostValueBuilder<Reader>::push() {
    switch (reader_.scanner().next()) {
        case JsonKind::array:
            return push_array();
        case JsonKind::object:
            return push_object();
        case JsonKind::number:
            return push_number();
        default:
            return push_word();
    }
}

template <class Reader>
bool BoostValueBuilder<Reader>::push_array() {
    std::size_t count = 0;
    const bool complete = reader_.scanner().array([&](JsonScanner&) {
        if (!push()) reader_.at(count);
        ++count;
    });
    if (!complete) return false;
    constexpr std::size_t head = sizeof(boost::json::value);
    if (count != 0) reader_.budget().charge_block(head + count * sizeof(boost::json::value));
    stack_.push_array(count);
    return true;
}

template <class Reader>
bool BoostValueBuilder<Reader>::push_object() {
    std::size_t count = 0;
    std::size_t slots = 0;
    const bool complete = reader_.scanner().object([&](std::string_view raw_key, JsonScanner&) {
        with_text(raw_key, [&](std::string_view key) {
            slots += push_decoys(key, count);
            reader_.budget().charge_block(key.size() + 1);
            stack_.push_key({key.data(), key.size()});
            if (!push()) reader_.at(key);
        });
        ++count;
        ++slots;
    });
    if (!complete) return false;
    constexpr std::size_t head = sizeof(boost::json::key_value_pair);
    constexpr std::size_t slot = sizeof(boost::json::key_value_pair) + sizeof(std::uint32_t);
    if (slots != 0) reader_.budget().charge_block(head + slots * slot);
    stack_.push_object(slots);
    return true;
}

/* A peer that foresees the number of hash buckets, which is the number of members, could send keys
   that all fall into the same one, and building the object would take quadratic time. So a large
   object gets members to be overwritten, as many as nobody can foresee, each time it doubles. The
   caller's member of the same key comes after them, and the last one wins. */
template <class Reader>
std::size_t BoostValueBuilder<Reader>::push_decoys(std::string_view key, std::size_t members) {
    constexpr std::size_t harmless = 128;
    if (members < harmless || !std::has_single_bit(members)) return 0;
    const std::size_t count = unforeseeable(members / 4);
    for (std::size_t i = 0; i < count; ++i) {
        reader_.budget().charge_block(key.size() + 1);
        stack_.push_key({key.data(), key.size()});
        stack_.push_null();
    }
    return count;
}

template <class Reader>
template <class Use>
void BoostValueBuilder<Reader>::with_text(std::string_view raw, Use use) {
    const std::string_view inner = raw.substr(1, raw.size() - 2);
    if (inner.find('\\') == std::string_view::npos) {
        use(inner);
    } else {
        use(json_unescape(raw));
    }
}

template <class Reader>
bool BoostValueBuilder<Reader>::push_word() {
    const RawJson raw = reader_.scanner().value();
    if (!reader_.scanner().ok()) return false;
    switch (raw.kind) {
        case JsonKind::null:
            stack_.push_null();
            return true;
        case JsonKind::boolean:
            stack_.push_bool(raw.text == "true");
            return true;
        default:
            with_text(raw.text, [&](std::string_view text) {
                reader_.budget().charge_block(text.size() + 1);
                stack_.push_string({text.data(), text.size()});
            });
            return true;
    }
}

template <class Reader>
bool BoostValueBuilder<Reader>::push_number() {
    return reader_.number([this](auto number) {
        using Number = decltype(number);
        if constexpr (std::same_as<Number, std::int64_t>) {
            stack_.push_int64(number);
        } else if constexpr (std::same_as<Number, std::uint64_t>) {
            stack_.push_uint64(number);
        } else {
            stack_.push_double(number);
        }
    });
}

template <class Writer>
bool BoostDocument::write(Writer& writer, const boost::json::value& value) {
    switch (value.kind()) {
        case boost::json::kind::null:
            return writer.write(nullptr);
        case boost::json::kind::bool_:
            return writer.write(value.get_bool());
        case boost::json::kind::int64:
            return writer.write(value.get_int64());
        case boost::json::kind::uint64:
            return writer.write(value.get_uint64());
        case boost::json::kind::double_:
            return writer.write(value.get_double());
        case boost::json::kind::string:
            return write(writer, value.get_string());
        case boost::json::kind::array:
            return write(writer, value.get_array());
        case boost::json::kind::object:
            return write(writer, value.get_object());
    }
    return false;
}

template <class Writer>
bool BoostDocument::write(Writer& writer, const boost::json::object& object) {
    if (!writer.open('{')) return false;
    bool first = true;
    for (const boost::json::key_value_pair& entry : object) {
        const std::string_view key{entry.key().data(), entry.key().size()};
        if (!writer.member(key, entry.value(), first)) return false;
    }
    return writer.close('}');
}

template <class Reader>
bool BoostDocument::read(Reader& reader, boost::json::object& out) {
    boost::json::value value;
    if (!reader.expect(JsonKind::object, "an object") || !read(reader, value)) return false;
    out = std::move(value.get_object());
    return true;
}

template <class Reader>
bool BoostDocument::read(Reader& reader, boost::json::array& out) {
    boost::json::value value;
    if (!reader.expect(JsonKind::array, "an array") || !read(reader, value)) return false;
    out = std::move(value.get_array());
    return true;
}

template <class Reader>
bool BoostDocument::read(Reader& reader, boost::json::string& out) {
    boost::json::value value;
    if (!reader.expect(JsonKind::string, "a string") || !read(reader, value)) return false;
    out = std::move(value.get_string());
    return true;
}

}  // namespace clarify::detail

#endif  // CLARIFY_JSON_DETAIL_IMPL_BOOST_DOCUMENT_HPP
