# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The GraphQL schema of AudiencePlayer, as far as it is known. Switches determine the types that are not."""

from __future__ import annotations

from functools import lru_cache

from graphql import GraphQLSchema, build_schema

from .shop_schema import SHOP

# <ID>: type of IDs in responses; <ARG>: `!` if arguments are declared mandatory; <DATE>, <EMAIL>: types of these
# arguments;
# <DONE>: result of an entitlement mutation; <CLIENT>: arguments of clients; <PROFILE>: arguments that change a user;
# <PAGES>, <MORE_PAGES>: arguments of lists, alone and after others; <PAGINATION>: their additional field.
COMMON = """
scalar DateTime
scalar Email
enum EntitlementManageAction { fulfil revoke }
enum PlatformContext {
  web mobile tv metrological android ios kpn caiway delta xs4all horizon ziggo
}
enum Gender { male female non_binary unknown }
enum SortDirection { asc desc }
input SortBy { field: String! direction: SortDirection }
type AuthPayload { access_token: String user_id: <ID> user_email: String expires_in: Int }
type Pagination { limit: Int offset: Int count: Int total_count: Int page_count: Int page_current: Int }
type Config { project_id: <ID> }
type User {
  id: <ID> email: String name: String address: String birthday: String city: String country: String gender: Gender height: Float
  phone: String postal_code: String weight: Float is_newsletter_opt_in: Boolean <HOLDINGS>
}
type Product { id: <ID> title: String }
type UserProduct { id: <ID> product_id: <ID> is_fulfilled: Boolean fulfilment_expires_at: String product: Product }
type UserProductResult { items: [UserProduct] <PAGINATION> }
type Subscription { id: <ID> title: String }
type UserSubscription {
  id: <ID> subscription_id: <ID> switch_to_subscription_id: <ID> suspended_at: String suspendable_at: String invoiced_at: String acquired_at: String
  expires_at: String status: String status_name: String is_valid: Boolean is_expired: Boolean is_suspendable: Boolean is_switchable: Boolean
  is_account_method_changeable: Boolean subscription: Subscription
}
type UserSubscriptionResult { items: [UserSubscription] <PAGINATION> }
type Order { id: <ID> }
type Article { id: <ID> }
type UserDetails {
  id: <ID> email: String name: String user_subscriptions: [UserSubscription] orders: [Order] entitled_articles: [Article]
}
"""
USER = (
    COMMON
    + """
type Query {
  Config(platform_context: PlatformContext, operator_context: PlatformContext): Config
  ClientUser(<CLIENT> id: Int email: <EMAIL>): User
  UserDetails: UserDetails
  UserProductList<PAGES>: UserProductResult
  UserSubscriptionList<PAGES>: UserSubscriptionResult
}
type Mutation {
  ClientAuthenticate(<CLIENT>): AuthPayload
  ClientUserAuthenticate(
    <CLIENT> user_id: Int user_email: <EMAIL> user_password: String user_locale: String user_name: String auto_register: Boolean
  ): AuthPayload
  UserAuthenticate(project_id: Int email: <EMAIL><ARG> password: String<ARG>): AuthPayload
  ClientUserProductEntitlementManage(
    <CLIENT> user_id: Int user_email: <EMAIL> auto_register: Boolean product_id: Int<ARG> action: EntitlementManageAction<ARG>
  ): <DONE>
  ClientUserSubscriptionEntitlementManage(
    <CLIENT> user_id: Int user_email: <EMAIL> auto_register: Boolean subscription_id: Int<ARG> expires_at: <DATE> action: EntitlementManageAction<ARG>
  ): <DONE>
  ClientUserUpdate(<CLIENT> id: Int<ARG> password: String locale: String <PROFILE>): User
  ClientUserDelete(<CLIENT> id: Int email: <EMAIL>): Boolean
}
"""
)
ADMIN = (
    COMMON
    + """
type Query {
  Config(platform_context: PlatformContext, operator_context: PlatformContext): Config
  UserDetails: UserDetails
}
type Mutation {
  ClientAuthenticate(<CLIENT>): AuthPayload
  UserAuthenticate(project_id: Int email: <EMAIL><ARG> password: String<ARG>): AuthPayload
}
"""
)
CLIENT = "project_id: Int<ARG> client_id: String<ARG> client_secret: String<ARG>"
#: The additional fields of User, by the value of the switch ``client_user_holdings``.
HOLDINGS = {
    "absent": "",
    "lists": "user_products: [UserProduct!] user_subscriptions: [UserSubscription!]!",
    "pages": "products<PAGES>: UserProductResult subscriptions<PAGES>: UserSubscriptionResult",
}
PROFILE = (
    "email: <EMAIL> name: String address: String birthday: String city: String country: String gender: Gender"
    " height: Float phone: String postal_code: String weight: Float is_newsletter_opt_in: Boolean"
)
PAGES = "(limit: Int offset: Int search: String locale: String sort_by: [SortBy])"


@lru_cache(maxsize=32)
def build_variant(scope: str, ids: str, arguments: str, result: str, pagination: str, holdings: str) -> GraphQLSchema:
    """Build the schema of one scope with the given values of the switches."""
    text = USER + SHOP if scope == "user" else ADMIN
    for placeholder, value in {
        "<CLIENT>": CLIENT,
        "<HOLDINGS>": HOLDINGS[holdings],
        "<PROFILE>": PROFILE,
        "<MORE_PAGES>": PAGES.strip("()") if pagination == "yes" else "",
        "<PAGES>": PAGES if pagination == "yes" else "",
        "<PAGINATION>": "pagination: Pagination" if pagination == "yes" else "",
        "<ID>": "Int" if ids == "int" else "String",
        "<ARG>": "" if arguments == "optional" else "!",
        "<DATE>": "DateTime" if arguments == "scalars" else "String",
        "<EMAIL>": "Email" if arguments == "scalars" else "String",
        "<DONE>": "String" if result == "string" else "Boolean",
    }.items():
        text = text.replace(placeholder, value)
    return build_schema(text)
