# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the user scope that clients use beside users and entitlements: catalog, devices, purchases."""

from __future__ import annotations

# The placeholders are those of schema.py.
SHOP = """
enum MetaOutput { html text }
enum ArticleType { episode film season series text video }
enum Notifiable { none sms }
input ProductStackItem { id: Int! purchase_num: Int }
type Image {
  url: String base_url: String base_path: String file_name: String file_path: String aspect_ratio_profile: String
}
type Meta { key: String value: String }
type Platform { chromecast_receiver_app_id: String }
extend type Config { platform: Platform language_tags: [Meta] }
extend type Product {
  name: String type: String description: String description_short: String call_to_action_tag: String price: Float
  currency: String currency_symbol: String expires_in: Int expires_at: String images: [Image]
}
extend type Subscription {
  name: String type: String description: String description_short: String price: Float price_per_installment: Float
  time_unit: String time_unit_translation: String frequency: Int currency: String currency_symbol: String
  images: [Image]
}
type ProductResult { items: [Product] <PAGINATION> }
type SubscriptionResult { items: [Subscription] <PAGINATION> }
type Category {
  id: <ID> parent_id: <ID> name: String type: String metas(output: MetaOutput): [Meta] images: [Image]
}
type CategoryResult { items: [Category] <PAGINATION> }
type Asset { id: <ID> linked_type: String }
extend type Article {
  name: String type: String appr: Float metas(output: MetaOutput): [Meta] categories: [Category] images: [Image]
  assets: [Asset] products: [Product]
}
type ArticleResult { items: [Article] <PAGINATION> }
type PageElement {
  id: <ID> title: String content: String url: String value: String images: [Image] posters: [Image]
}
type PageComponent {
  id: <ID> title: String content: String url: String value: String elements: [PageElement] images: [Image]
  posters: [Image]
}
type Page {
  id: <ID> name: String full_url_slug: String type: String title: String components: [PageComponent]
}
type Device { id: <ID> name: String uuid: String created_at: String }
type DeviceResult { items: [Device] <PAGINATION> }
type PaymentAccount { id: <ID> method: String method_details: String }
extend type UserSubscription { account: PaymentAccount }
extend type Order {
  description: String currency_symbol: String amount: Float status: String status_name: String installed_at: String
}
extend type UserDetails {
  address: String birthday: String city: String country: String gender: Gender height: Float phone: String
  postal_code: String weight: Float is_newsletter_opt_in: Boolean notifiable: Notifiable is_phone_verified: Boolean
  nomadic_articles: [Article] history_articles: [Article]
}
type PayloadVerification { payload: String status: String }
type Purchase {
  status: String price: Float title: String description_short: String payment_url: String
  user_payment_account_order_id: <ID>
}
type PaymentArguments {
  voucher_validity: Boolean voucher_description: String total_price_after: Float currency: String
  currency_symbol: String
}
type Subtitle { id: <ID> url: String locale: String locale_label: String }
type PlayEntitlement { mime_type: String manifest: String expires_in: Int token: String }
type PlayConfig {
  appa: String appr: Float duration: Float aspect_ratio: String time_marker_end: Float time_marker_intro_end: Float
  time_marker_intro_start: Float pulse_token: String subtitles: [Subtitle] entitlements: [PlayEntitlement]
}
extend type Query {
  ClientPayloadVerify(<CLIENT> payload: String<ARG>): PayloadVerification
  Product(id: Int<ARG>): Product
  ProductList(payment_provider_ids: [Int] <MORE_PAGES>): ProductResult
  Subscription(id: Int<ARG>): Subscription
  SubscriptionList(payment_provider_ids: [Int] <MORE_PAGES>): SubscriptionResult
  Article(id: Int url_slug: String): Article
  ArticleList(category_id: Int types: [ArticleType] <MORE_PAGES>): ArticleResult
  Category(id: Int url_slug: String): Category
  CategoryList(parent_id: Int <MORE_PAGES>): CategoryResult
  Page(id: Int<ARG>): Page
  DeviceList<PAGES>: DeviceResult
  PaymentArgumentsValidate(
    voucher_code: String<ARG> payment_provider_id: Int product_id: Int subscription_id: Int user_subscription_id: Int
    product_stack: [ProductStackItem!] is_solo_validation: Boolean
  ): PaymentArguments
}
extend type Mutation {
  ClientUserArticleAssetPlay(<CLIENT> user_id: Int<ARG> article_id: Int<ARG> asset_id: Int<ARG>): PlayConfig
  UserDetailsUpdate(<PROFILE> notifiable: Notifiable): UserDetails
  UserDetailsPhoneVerifyRequest: Boolean
  UserDetailsPhoneVerifyValidate(code: String<ARG>): Boolean
  UserSubscriptionAcquire(
    payment_provider_id: Int<ARG> subscription_id: Int<ARG> redirect_url_path: String voucher_code: String
  ): Purchase
  UserProductAcquire(
    payment_provider_id: Int<ARG> product_stack: [ProductStackItem!]<ARG> redirect_url_path: String
    voucher_code: String
  ): Purchase
  UserPaymentVoucherRedeem(
    code: String<ARG> payment_provider_id: Int<ARG> redirect_url_path: String subscription_id: Int
    user_subscription_id: Int
  ): Purchase
  UserPaymentAccountOrderValidate(id: Int<ARG>): Boolean
  UserSubscriptionSwitch(id: Int<ARG> switch_to_subscription_id: Int): Boolean
  UserSubscriptionSuspend(id: Int<ARG>): Boolean
  UserSubscriptionUnSuspend(id: Int<ARG>): Boolean
  UserDevicePairingClaim(pairing_code: String<ARG>): Device
  UserDevicePairingDelete(device_id: Int<ARG>): Boolean
}
"""
